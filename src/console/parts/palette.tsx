import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { OverviewView } from '../../api/schemas/overview';
import { BASE, runAddress, runsAddress, workloadAddress } from '../data/addresses';
import { useOverview } from '../data/overview';
import { Dialog } from './dialog';

const isOpen = signal(false);

export function openPalette(): void {
  isOpen.value = true;
}

interface Entry {
  readonly label: string;
  readonly kind: string;
  readonly address: string;
}

const MAX_SHOWN = 12;
const RUN_ID = /^[A-Za-z0-9-]+-\d{8}t\d{6}-[0-9a-f]+$/;

/** Goes to anything by its name: views, workloads, runs. */
export function Palette() {
  const overview = useOverview().data.value;
  const { route } = useLocation();
  const [text, setText] = useState('');
  const [chosen, choose] = useState(0);
  const found = entriesFor(text, overview);
  const close = () => {
    isOpen.value = false;
    setText('');
    choose(0);
  };
  const go = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    close();
    route(entry.address);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') go(found[chosen]);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    if (step === 0) return;
    event.preventDefault();
    choose((chosen + step + found.length) % Math.max(1, found.length));
  };
  return (
    <Dialog isOpen={isOpen.value} title="Go to" close={close}>
      <input
        type="search"
        autofocus
        role="combobox"
        list={undefined}
        aria-label="Name of a view, workload or run"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={`palette-${chosen}`}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          choose(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="palette-list" role="listbox" aria-label="Found" class="palette-list">
        {found.map((entry, index) => (
          <li
            key={entry.address}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === chosen}
            onClick={() => go(entry)}
          >
            {entry.label} <span class="quiet">{entry.kind}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function entriesFor(text: string, overview: OverviewView | null): readonly Entry[] {
  const wanted = text.trim().toLowerCase();
  const all = [...views, ...(overview?.workloads ?? []).flatMap(entriesOf)];
  const found = all.filter(({ label }) => label.toLowerCase().includes(wanted)).slice(0, MAX_SHOWN);
  if (!RUN_ID.test(text.trim())) return found;
  return [{ label: text.trim(), kind: 'run', address: runAddress(text.trim()) }, ...found];
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
    ...[...active, ...lastRuns].map(({ runId }) => ({
      label: runId,
      kind: 'run',
      address: runAddress(runId),
    })),
  ];
}
