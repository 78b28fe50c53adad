import { appNow } from '../data/clock';
import { dueText, instantText, relativeText } from '../format/times';

interface Props {
  /** ISO 8601. */
  readonly at: string;
}

/** An instant: relative up to a day, else absolute; the other is its title, and printed. */
export function Time({ at }: Props) {
  const instant = Date.parse(at);
  const absolute = instantText(instant);
  const relative = relativeText(instant, appNow.value);
  return (
    <time dateTime={at} title={absolute}>
      {relative ?? dueText(instant)}
    </time>
  );
}
