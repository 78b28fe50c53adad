import type { ComponentChildren } from 'preact';
import type { Plan } from '../../client/plans';
import { bytesText, counted, moneyText, nodeMinutesText, numberText } from '../format/numbers';
import { durationText } from '../format/times';

interface Props {
  readonly plan: Plan;
  readonly currency: string;
  /** The button that starts what was planned. */
  readonly children: ComponentChildren;
}

/** Resources, duration and cost of a run. Nothing has been made yet. */
export function PlanView({ plan, currency, children }: Props) {
  const { errors, warnings, estimate } = plan;
  return (
    <div class="plan" role="region" aria-label="Plan of the run">
      {errors.map((error) => (
        <p key={error} class="note note-bad">
          ✕ {error}
        </p>
      ))}
      {warnings.map((warning) => (
        <p key={warning} class="note">
          ! {warning}
        </p>
      ))}
      <PlanFigures plan={plan} currency={currency} />
      <p class="quiet">
        {estimate.fromRuns === 0
          ? 'No run has succeeded yet, so only the bounds are known.'
          : `By the last ${counted(estimate.fromRuns, 'run')} that succeeded.`}
      </p>
      <div class="buttons">{children}</div>
    </div>
  );
}

function PlanFigures({ plan, currency }: Pick<Props, 'plan' | 'currency'>) {
  const { estimate } = plan;
  return (
    <dl class="figures">
      <Figure label="Tasks">{tasksText(plan)}</Figure>
      <Figure label="Nodes">{nodesText(plan)}</Figure>
      <Figure label="Duration">
        {estimate.minutes === null
          ? 'not known yet'
          : `about ${durationText(estimate.minutes * 60_000)}`}
      </Figure>
      <Figure label="Cost">
        {sumText(estimate.cost, estimate.nodeMinutes, currency)}
        <span class="quiet">
          {' '}
          at most {sumText(estimate.capCost, estimate.capNodeMinutes, currency)}
        </span>
      </Figure>
      {plan.inputs !== null && (
        <Figure label="Inputs">
          {counted(plan.inputs.count, 'file')}, {bytesText(plan.inputs.bytes)}
        </Figure>
      )}
    </dl>
  );
}

function Figure({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function tasksText({ tasks: { count, atMost } }: Plan): string {
  if (count !== null) return numberText(count);
  return atMost === null ? 'as the job manager decides' : `at most ${numberText(atMost)}`;
}

function nodesText({ pool }: Plan): string {
  if (pool === null) return 'none: there is nothing to do';
  if (!pool.isMade) return `of the pool ${pool.id}`;
  const { maxNodes } = pool as { readonly maxNodes?: number };
  return `${maxNodes === undefined ? '' : `at most ${numberText(maxNodes)} × `}${pool.vmSize}`;
}

function sumText(cost: number | null, minutes: number | null, currency: string): string {
  if (cost !== null) return moneyText(cost, currency);
  return minutes === null ? 'not known yet' : nodeMinutesText(minutes);
}
