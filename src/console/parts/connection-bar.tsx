import { offlineSince } from '../data/connection';
import { realNow } from '../data/clock';
import { durationText } from '../format/times';

/** A thin bar while the app cannot be reached, with the age of what is shown. */
export function ConnectionBar() {
  const since = offlineSince.value;
  return (
    <div role="status" class={since === null ? 'visually-hidden' : 'connection-bar'}>
      {since !== null &&
        `The app cannot be reached. What you see is ${durationText(realNow.value - since)} old or older; trying again.`}
    </div>
  );
}
