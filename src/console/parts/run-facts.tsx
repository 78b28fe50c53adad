import type { RunView } from '../../api/schemas/run';
import { runAddress } from '../data/addresses';
import { costText, counted, nodeMinutesText } from '../format/numbers';
import { instantText } from '../format/times';
import { Pair } from './pair';
import { Section } from './section';

interface Props {
  readonly run: RunView;
  readonly currency: string;
}

/** The cost of a run, and the state of everything that it made. */
export function RunFacts({ run: { cost, nodeMinutes, record }, currency }: Props) {
  return (
    <Section title="Cost and clean-up">
      <dl class="pairs">
        <Pair label="Cost">{costText(cost, nodeMinutes, currency)}</Pair>
        <Pair label="Node-minutes">{nodeMinutesText(nodeMinutes)}</Pair>
        {record !== null && <RecordPairs record={record} />}
      </dl>
      {record?.warnings.map((warning) => (
        <p key={warning} class="note">
          {warning}
        </p>
      ))}
      {record?.followers.map(({ workload, runId, cause }) => (
        <p key={workload}>
          {runId === null ? (
            `${workload} did not follow: ${cause ?? ''}`
          ) : (
            <>
              followed by <a href={runAddress(runId)}>{runId}</a>
            </>
          )}
        </p>
      ))}
    </Section>
  );
}

const CLEANED = {
  deleted: '✓ deleted',
  deleting: '… being deleted',
  kept: '✓ kept',
  notOwned: '– not made by this run; left alone',
  leftBehind: '✕ left behind; the reconciler deletes it',
} as const;

function RecordPairs({ record }: { readonly record: NonNullable<RunView['record']> }) {
  return (
    <>
      <Pair label="Taken away by Azure">{counted(record.preemptions, 'node')}</Pair>
      {record.cleanedUp.map(({ resource, id, state, reason }) => (
        <Pair key={`${resource}-${id}`} label={resource}>
          {CLEANED[state]}
          {reason !== undefined && <span class="quiet"> {reason}</span>}
        </Pair>
      ))}
      {record.outputsKeptUntil !== null && (
        <Pair label="Outputs kept until">{instantText(Date.parse(record.outputsKeptUntil))}</Pair>
      )}
    </>
  );
}
