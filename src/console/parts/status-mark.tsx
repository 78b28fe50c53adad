import { lookOf } from '../format/statuses';

interface Props {
  readonly status: string;
  /** Only the shape; the word is for readers. */
  readonly isShort?: boolean;
}

/** A state with its shape, word and colour. */
export function StatusMark({ status, isShort = false }: Props) {
  const { word, shape } = lookOf(status);
  return (
    <span class={`status status-${status}`}>
      <span class="shape" aria-hidden="true">
        {shape}
      </span>
      <span class={isShort ? 'visually-hidden' : ''}>{word}</span>
    </span>
  );
}
