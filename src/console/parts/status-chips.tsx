import { lookOf } from '../format/statuses';

interface Props {
  readonly statuses: readonly string[];
  readonly isChosen: (status: string) => boolean;
  readonly toggle: (status: string) => void;
  /** Numbers behind the words. */
  readonly counts?: ReadonlyMap<string, number>;
}

/** Buttons that filter by state. */
export function StatusChips({ statuses, isChosen, toggle, counts }: Props) {
  return (
    <>
      {statuses.map((status) => (
        <button
          key={status}
          type="button"
          class={`chip status-${status}`}
          aria-pressed={isChosen(status)}
          onClick={() => toggle(status)}
        >
          {lookOf(status).shape} {lookOf(status).word} {counts?.get(status)}
        </button>
      ))}
    </>
  );
}
