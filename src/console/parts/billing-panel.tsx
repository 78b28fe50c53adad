import type { BillingView } from '../../api/schemas/overview';
import { runAddress } from '../data/addresses';
import { counted, moneyText, nodeMinutesText } from '../format/numbers';
import { Time } from './time';

interface Props {
  readonly billing: BillingView;
  readonly currency: string;
}

/** The line that matters: what bills right now by run, or the proof that nothing does. */
export function BillingPanel({ billing, currency }: Props) {
  const { state, sentence, askedAt, runs, pools } = billing;
  return (
    <section class={`billing billing-${state}`} aria-label="What bills now">
      <p class="billing-sentence">
        <span class="shape" aria-hidden="true">
          {SHAPES[state]}
        </span>
        {headline(billing)}
      </p>
      <p class="quiet">{capitalised(sentence)}.</p>
      {runs.length + pools.length > 0 && <BilledList billing={billing} currency={currency} />}
      {askedAt !== null && (
        <p class="quiet">
          Batch was asked <Time at={askedAt} />.
        </p>
      )}
    </section>
  );
}

function headline({ state, nodes, pools }: BillingView): string {
  if (state === 'nothing') return 'Nothing of this app is billed';
  if (state === 'unknown') return 'It is not known yet what is billed';
  if (nodes === 0)
    return `${counted(pools.length, 'pool')} may be billed: its nodes were not counted`;
  const isLeast = pools.some((pool) => pool.nodes === null);
  return `${isLeast ? 'At least ' : ''}${counted(nodes, 'node is', 'nodes are')} billed now`;
}

function capitalised(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1).replace(/\.$/, '');
}

const SHAPES = { nothing: '✓', billed: '●', unknown: '?' } as const;

function BilledList({ billing: { runs, pools }, currency }: Props) {
  return (
    <ul class="billing-list">
      {runs.map((run) => (
        <li key={run.runId}>
          <a href={runAddress(run.runId)}>{run.runId}</a>
          <span class="number">{counted(run.nodes, 'node')}</span>
          <span class="number">
            {run.pricePerHour === null
              ? nodeMinutesText(run.nodeMinutes)
              : `${moneyText(run.pricePerHour, currency)}/h`}
          </span>
        </li>
      ))}
      {pools.map((pool) => (
        <li key={pool.id}>
          <span>
            pool {pool.id} ({pool.reason === 'retained' ? 'kept by declaration' : 'leftover'})
          </span>
          <span class="number">
            {pool.nodes === null ? 'nodes not counted' : counted(pool.nodes, 'node')}
          </span>
        </li>
      ))}
    </ul>
  );
}
