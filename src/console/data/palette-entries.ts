import type { OverviewView } from '../../api/schemas/overview';
import { BASE, runAddress, runsAddress, workloadAddress } from './addresses';

/** Something that the palette leads to. */
export interface Entry {
  readonly label: string;
  readonly kind: 'view' | 'workload' | 'run';
  readonly address: string;
}

const MAX_SHOWN = 12;
const RUN_ID = /^[A-Za-z0-9-]+-\d{8}t\d{6}-[0-9a-f]+$/;

/** Entries whose names contain the text. A run id leads to its run, also to one of long ago. */
export function entriesFor(text: string, overview: OverviewView | null): readonly Entry[] {
  const wanted = text.trim();
  const all = [...views, ...(overview?.workloads ?? []).flatMap(entriesOf)];
  const found = all.filter(({ label }) => label.toLowerCase().includes(wanted.toLowerCase()));
  const isUnlisted = RUN_ID.test(wanted) && !found.some(({ label }) => label === wanted);
  const run: Entry = { label: wanted, kind: 'run', address: runAddress(wanted) };
  return [...(isUnlisted ? [run] : []), ...found].slice(0, MAX_SHOWN);
}

const views: readonly Entry[] = [
  { label: 'Now and next', kind: 'view', address: BASE },
  { label: 'Runs', kind: 'view', address: `${BASE}/runs` },
  { label: 'Failed runs', kind: 'view', address: runsAddress({ status: 'failed,timedOut' }) },
  { label: 'Costs', kind: 'view', address: `${BASE}/costs` },
];

function entriesOf({
  name,
  active,
  lastRuns,
}: OverviewView['workloads'][number]): readonly Entry[] {
  return [
    { label: name, kind: 'workload', address: workloadAddress(name) },
    { label: `${name}: runs`, kind: 'view', address: runsAddress({ workload: name }) },
    ...[...active, ...lastRuns].map(({ runId }): Entry => ({
      label: runId,
      kind: 'run',
      address: runAddress(runId),
    })),
  ];
}
