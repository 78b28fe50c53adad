import { signal } from '@preact/signals';
import { Dialog } from './dialog';

const isOpen = signal(false);

export function openShortcutHelp(): void {
  isOpen.value = true;
}

const shortcuts = [
  ['Ctrl K or ⌘ K', 'go to a view, workload or run by its name'],
  ['j and k', 'next and previous row of a list'],
  ['Enter', 'open the row'],
  ['g h, g r, g c', 'Now and next, Runs, Costs'],
  ['r', 'fetch everything again'],
  ['?', 'this list'],
] as const;

/** The keys that the console knows. */
export function ShortcutHelp() {
  const close = () => {
    isOpen.value = false;
  };
  return (
    <Dialog isOpen={isOpen.value} title="Keyboard" close={close}>
      <dl class="pairs">
        {shortcuts.map(([keys, effect]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{effect}</dd>
          </div>
        ))}
      </dl>
      <div class="buttons">
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
