import { appNow } from '../data/clock';
import { durationText } from '../format/times';

interface Props {
  readonly from: string;
  /** Null for what has not ended. */
  readonly to: string | null;
}

/** The time between two instants, which grows while there is no second one. */
export function Elapsed({ from, to }: Props) {
  const end = to === null ? appNow.value : Date.parse(to);
  return <span class="number">{durationText(end - Date.parse(from))}</span>;
}
