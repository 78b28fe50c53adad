import type { RunView } from '../../api/schemas/run';
import { runAddress, runsAddress } from '../data/addresses';
import { instantText } from '../format/times';
import { Pair } from './pair';
import { Section } from './section';

/** Why a run exists: its trigger, its attempts, the runs before it, and its parameters. */
export function RunCause({ run }: { readonly run: RunView }) {
  return (
    <Section title="Why it ran">
      <dl class="pairs">
        <Pair label="Trigger">{triggerText(run)}</Pair>
        <Pair label="Started by">{run.startedBy}</Pair>
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
        {Object.entries(run.parameters).map(([name, value]) => (
          <Pair key={name} label={name}>
            {value}
          </Pair>
        ))}
      </dl>
      <p>
        <a href={runsAddress({ workload: run.workload })}>Other runs of {run.workload}</a>
      </p>
    </Section>
  );
}

function triggerText({ trigger, dueAt, blob }: RunView): string {
  if (dueAt !== null) return `due ${instantText(Date.parse(dueAt))}`;
  if (blob !== null) return `the blob ${blob}`;
  return trigger === 'request' ? 'a request' : `a run before it (${trigger})`;
}
