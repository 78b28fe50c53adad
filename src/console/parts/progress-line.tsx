import { numberText } from '../format/numbers';

interface Props {
  readonly done: number;
  /** Null while the number of tasks is unknown. */
  readonly total: number | null;
}

/** Tasks that have ended, of those that are known. */
export function ProgressLine({ done, total }: Props) {
  if (total === null || total === 0) return null;
  const text = `${numberText(done)} of ${numberText(total)} tasks`;
  return (
    <span class="progress">
      <progress value={done} max={total} aria-label={text} />
      <span class="number">{text}</span>
    </span>
  );
}
