import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { entriesFor, type Entry } from '../data/palette-entries';
import { useOverview } from '../data/overview';
import { Dialog } from './dialog';

const isOpen = signal(false);

export function openPalette(): void {
  isOpen.value = true;
}

/** Goes to anything by its name: views, workloads, runs. */
export function Palette() {
  const close = () => {
    isOpen.value = false;
  };
  return (
    <Dialog isOpen={isOpen.value} title="Go to" close={close}>
      <PaletteSearch close={close} />
    </Dialog>
  );
}

function PaletteSearch({ close }: { readonly close: () => void }) {
  const overview = useOverview().data.value;
  const { route } = useLocation();
  const [text, setText] = useState('');
  const [chosen, choose] = useState(0);
  const found = entriesFor(text, overview);
  const go = (entry: Entry | undefined) => {
    close();
    if (entry !== undefined) route(entry.address);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') go(found[chosen]);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    if (step === 0) return;
    event.preventDefault();
    choose((chosen + step + found.length) % Math.max(1, found.length));
  };
  const onInput = ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
    setText(currentTarget.value);
    choose(0);
  };
  return (
    <>
      <input
        type="text"
        autofocus
        role="combobox"
        list={undefined}
        aria-label="Name of a view, workload or run"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={`palette-${chosen}`}
        value={text}
        onInput={onInput}
        onKeyDown={onKeyDown}
      />
      <PaletteList found={found} chosen={chosen} go={go} />
    </>
  );
}

interface ListProps {
  readonly found: readonly Entry[];
  readonly chosen: number;
  readonly go: (entry: Entry) => void;
}

function PaletteList({ found, chosen, go }: ListProps) {
  return (
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
  );
}
