import type { ComponentChildren } from 'preact';
import type { RunView } from '../../api/schemas/run';
import { runAddress, runsAddress } from '../data/addresses';
import { costText, counted, nodeMinutesText } from '../format/numbers';
import { instantText } from '../format/times';
import { Section } from './section';

interface Props {
  readonly run: RunView;
  readonly currency: string;
}

/** Why the run exists, what it cost, and what became of everything that it made. */
export function RunFacts({ run, currency }: Props) {
  const { record, parameters } = run;
  return (
    <div class="columns">
      <Section title="Why it ran">
        <dl class="pairs">
          <Pair label="Trigger">{triggerText(run)}</Pair>
          <Pair label="Attempt">
            {run.attempt + 1}
            {run.retryOf !== null && (
              <>
                , after <a href={runAddress(run.retryOf)}>{run.retryOf}</a>
              </>
            )}
          </Pair>
          {run.follows.map((id) => (
            <Pair key={id} label="Follows">
              <a href={runAddress(id)}>{id}</a>
            </Pair>
          ))}
          {run.backfill !== null && <Pair label="Backfill">{run.backfill}</Pair>}
          {Object.entries(parameters).map(([name, value]) => (
            <Pair key={name} label={name}>
              <span class="name">{value}</span>
            </Pair>
          ))}
        </dl>
        <p>
          <a href={runsAddress({ workload: run.workload })}>Other runs of {run.workload}</a>
        </p>
      </Section>
      <Section title="Cost and clean-up">
        <dl class="pairs">
          <Pair label="Cost">{costText(run.cost, run.nodeMinutes, currency)}</Pair>
          <Pair label="Node-minutes">{nodeMinutesText(run.nodeMinutes)}</Pair>
          {record !== null && (
            <Pair label="Taken away by Azure">{counted(record.preemptions, 'node')}</Pair>
          )}
          {record?.cleanedUp.map(({ resource, id, state, reason }) => (
            <Pair key={`${resource}-${id}`} label={resource}>
              {CLEANED[state]}
              {reason !== undefined && <span class="quiet"> {reason}</span>}
            </Pair>
          ))}
          {record?.outputsKeptUntil !== null && record !== null && (
            <Pair label="Outputs kept until">
              {instantText(Date.parse(record.outputsKeptUntil))}
            </Pair>
          )}
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
    </div>
  );
}

const CLEANED = {
  deleted: '✓ deleted',
  deleting: '… being deleted',
  kept: '✓ kept',
  notOwned: '– not made by this run; left alone',
  leftBehind: '✕ left behind; the reconciler deletes it',
} as const;

function Pair({
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

function triggerText({ trigger, dueAt, blob }: RunView): string {
  if (dueAt !== null) return `due ${instantText(Date.parse(dueAt))}`;
  if (blob !== null) return `the blob ${blob}`;
  return trigger === 'request' ? 'a request' : `a run before it (${trigger})`;
}
