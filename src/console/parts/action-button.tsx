import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useAction } from '../data/use-action';
import { Dialog } from './dialog';
import { FailureNote } from './failure-note';

interface Props {
  readonly label: string;
  /** Said before anything is done: the effect and its cost. */
  readonly effect: ComponentChildren;
  readonly isDanger?: boolean;
  /** Returns the sentence that is shown afterwards. */
  readonly act: () => Promise<string>;
}

/** A button that says what it will do, asks, and shows at once that it was heard. */
export function ActionButton({ label, effect, isDanger = false, act }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [done, setDone] = useState<string | null>(null);
  const { isBusy, error, attempt } = useAction();
  const close = () => setOpen(false);
  const confirm = async () => {
    if (await attempt(async () => setDone(await act()))) close();
  };
  return (
    <>
      <button type="button" class={isDanger ? 'danger' : ''} onClick={() => setOpen(true)}>
        {label}
      </button>
      <span role="status" class="quiet">
        {done}
      </span>
      <Dialog isOpen={isOpen} title={label} close={close}>
        <div class="stack">{effect}</div>
        <FailureNote error={error} />
        <div class="buttons">
          <button
            type="button"
            class={isDanger ? 'danger' : 'primary'}
            disabled={isBusy}
            onClick={() => void confirm()}
          >
            {isBusy ? 'Sending…' : label}
          </button>
          <button type="button" onClick={close}>
            Back
          </button>
        </div>
      </Dialog>
    </>
  );
}
