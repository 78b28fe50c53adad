import { viewerZone, dueText } from '../format/times';
import { Time } from './time';

interface Props {
  readonly due: { readonly at: string; readonly timeZone: string };
}

/** A due time: relative, in the viewer's zone, and in the zone of the schedule where that differs. */
export function DueTime({ due: { at, timeZone } }: Props) {
  const instant = Date.parse(at);
  const here = dueText(instant);
  const there = dueText(instant, timeZone);
  return (
    <span class="due">
      <Time at={at} />
      <span class="quiet">
        {here} <span class="zone">{viewerZone()}</span>
      </span>
      {there !== here && (
        <span class="quiet">
          {there} <span class="zone">{timeZone}</span>
        </span>
      )}
    </span>
  );
}
