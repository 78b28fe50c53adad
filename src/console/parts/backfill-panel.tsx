import { useEffect, useState } from 'preact/hooks';
import type { WorkloadDetail } from '../../api/schemas/overview';
import {
  planBackfill,
  startBackfill,
  type BackfillPlan,
  type NewBackfill,
} from '../../client/backfills';
import { send } from '../data/connection';
import { useAction } from '../data/use-action';
import { costText, counted } from '../format/numbers';
import { lookOf } from '../format/statuses';
import { durationText } from '../format/times';
import { FailureNote } from './failure-note';

interface Props {
  readonly workload: WorkloadDetail;
  readonly from: string;
  readonly to: string;
  readonly close: () => void;
}

type Again = NonNullable<NewBackfill['again']>;

const AGAIN: Readonly<Record<Again, string>> = {
  never: 'only due times that never ran',
  failed: 'those too that did not succeed',
  always: 'all of them again',
};

/** The due times of a range of days: what would run and cost, and then the button. */
export function BackfillPanel({ workload: { name, currency }, from, to, close }: Props) {
  const [again, setAgain] = useState<Again>('never');
  return (
    <div class="plan" role="region" aria-label="Backfill">
      <div class="section-head">
        <h3>
          Backfill {from} to {to}
        </h3>
        <button type="button" class="ghost" onClick={close}>
          Close
        </button>
      </div>
      <label>
        Run{' '}
        <select value={again} onChange={(event) => setAgain(event.currentTarget.value as Again)}>
          {Object.entries(AGAIN).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <BackfillStart
        key={`${from} ${to} ${again}`}
        workload={name}
        request={{ from, to, again }}
        currency={currency}
      />
    </div>
  );
}

interface StartProps {
  readonly workload: string;
  readonly request: NewBackfill;
  readonly currency: string;
}

/** The plan of one request, and the button that starts it. */
function BackfillStart({ workload, request, currency }: StartProps) {
  const [plan, setPlan] = useState<BackfillPlan | null>(null);
  const [started, setStarted] = useState<string | null>(null);
  const { attempt, isBusy, error } = useAction();
  useEffect(() => {
    void attempt(async () => setPlan(await planBackfill(send, workload, request)));
  }, []);
  const start = async () => {
    const { id, dueTimes } = await startBackfill(send, workload, request);
    setStarted(`Backfill ${id} runs over ${counted(dueTimes, 'due time')}.`);
  };
  return (
    <>
      <FailureNote error={error} />
      {plan !== null && <BackfillFigures plan={plan} currency={currency} />}
      <div class="buttons">
        <button
          type="button"
          class="primary"
          disabled={plan === null || plan.runs === 0 || isBusy || started !== null}
          onClick={() => void attempt(start)}
        >
          {plan === null ? 'Planning…' : `Start ${counted(plan.runs, 'run')}`}
        </button>
        <span role="status">{started}</span>
      </div>
    </>
  );
}

function BackfillFigures({
  plan,
  currency,
}: {
  readonly plan: BackfillPlan;
  readonly currency: string;
}) {
  const { runs, dueTimes, counts, estimate } = plan;
  const { minutes, cost, nodeMinutes, basis } = estimate;
  return (
    <>
      <p>
        {counted(dueTimes, 'due time')}, of which {counted(runs, 'run starts', 'runs start')} one
        after another: about {durationText(minutes * 60_000)},{' '}
        {costText(cost, nodeMinutes, currency)}
        {basis === 'declaration' && ' at most'}.
      </p>
      <p class="quiet">
        {Object.entries(counts)
          .map(([status, count]) => `${count} ${lookOf(status).word}`)
          .join(', ')}
      </p>
    </>
  );
}
