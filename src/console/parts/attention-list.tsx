import type { AttentionView } from '../../api/schemas/overview';
import { runAddress, workloadAddress } from '../data/addresses';
import { Section } from './section';
import { Time } from './time';

interface Props {
  readonly attention: readonly AttentionView[];
}

const KINDS: Readonly<Record<AttentionView['kind'], string>> = {
  failing: '✕ failed',
  missed: '◌ missed',
  late: '◷ late',
  waitingForCapacity: '○ waits for nodes',
  budgetReached: '■ budget',
};

/** Things that need somebody; an empty list is not shown. */
export function AttentionList({ attention }: Props) {
  if (attention.length === 0) return null;
  return (
    <Section title="Needs attention">
      <ul class="attention">
        {attention.map(({ kind, workload, runId, sentence, at }) => (
          <li key={`${kind}-${workload}-${runId ?? ''}`}>
            <span class={`attention-kind attention-${kind}`}>{KINDS[kind]}</span>
            <a
              data-row
              href={runId === null ? workloadAddress(workload) : runAddress(runId)}
              class="attention-sentence"
            >
              {sentence}
            </a>
            <Time at={at} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
