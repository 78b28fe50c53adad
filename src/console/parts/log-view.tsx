import { useLayoutEffect, useRef } from 'preact/hooks';
import { useLog } from '../data/use-log';
import { bytesText } from '../format/numbers';
import { FailureNote } from './failure-note';

interface Props {
  readonly path: string;
  readonly label: string;
}

/** Pixels from the end at which a reader still follows the log. */
const NEAR = 40;

/** A log that follows its end, unless the reader has scrolled up. */
export function LogView({ path, label }: Props) {
  const log = useLog(path);
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  useLayoutEffect(() => {
    const { current } = box;
    if (current !== null && follows.current) current.scrollTop = current.scrollHeight;
  }, [log.text]);
  const onScroll = ({
    currentTarget: { scrollHeight, scrollTop, clientHeight },
  }: {
    currentTarget: HTMLPreElement;
  }) => {
    follows.current = scrollHeight - scrollTop - clientHeight < NEAR;
  };
  return (
    <div class="log">
      <FailureNote error={log.error} hasData={log.text !== ''} />
      {log.skipped > 0 && <p class="quiet">The first {bytesText(log.skipped)} are not shown.</p>}
      <pre ref={box} tabIndex={0} role="log" aria-label={label} onScroll={onScroll}>
        {log.text === '' ? emptyText(log.isMissing, log.isEnded) : log.text}
      </pre>
      <p class="quiet">{log.isEnded ? 'Ended.' : 'Follows what the task writes.'}</p>
    </div>
  );
}

function emptyText(isMissing: boolean, isEnded: boolean): string {
  if (isMissing) return '(no log yet)';
  return isEnded ? '(nothing was written)' : '(nothing written yet)';
}
