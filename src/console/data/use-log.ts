import { useEffect, useState } from 'preact/hooks';
import type { LogPart } from '../../api/schemas/log';
import type { ApiError } from '../../client/api-error';
import { request, successOf } from './connection';
import { errorOf } from './query';
import { withQuery } from './addresses';

export interface Log {
  readonly text: string;
  /** Bytes before the text that are not shown. */
  readonly skipped: number;
  readonly isEnded: boolean;
  /** No file yet: the task has not started, or has written nothing. */
  readonly isMissing: boolean;
  readonly error: ApiError | null;
}

const EMPTY: Log = { text: '', skipped: 0, isEnded: false, isMissing: false, error: null };
/** The end of the log that is read first. */
const FIRST_BYTES = 128 * 1024;
/** Characters that the page holds; a longer log is downloaded. */
const MAX_SHOWN = 1024 * 1024;
const POLL_MS = 2000;
const HIDDEN_POLL_MS = 30_000;

/** Follows a log from its end, until nothing is written to it any more. */
export function useLog(path: string): Log {
  const [log, show] = useState(EMPTY);
  useEffect(() => {
    show(EMPTY);
    const abort = new AbortController();
    void follow(path, abort.signal, show);
    return () => abort.abort();
  }, [path]);
  return log;
}

async function follow(
  path: string,
  signal: AbortSignal,
  show: (change: (before: Log) => Log) => void,
): Promise<void> {
  let offset = -FIRST_BYTES;
  while (!signal.aborted) {
    try {
      const part = await readPart(path, offset, signal);
      const isFirst = offset < 0;
      offset = part.next;
      show((before) => extended(before, part, isFirst));
      if (part.isEnded && part.next >= part.length) return;
      if (part.next < part.length) continue;
    } catch (cause) {
      if (signal.aborted) return;
      const error = errorOf(cause);
      show((before) => failed(before, error));
    }
    await pause(document.hidden ? HIDDEN_POLL_MS : POLL_MS, signal);
  }
}

async function readPart(path: string, offset: number, signal: AbortSignal): Promise<LogPart> {
  const response = await request(withQuery(path, { offset: String(offset) }), { signal });
  return (await (await successOf(response)).json()) as LogPart;
}

function extended(before: Log, part: LogPart, isFirst: boolean): Log {
  const text = before.text + part.text;
  const excess = Math.max(0, text.length - MAX_SHOWN);
  return {
    text: text.slice(excess),
    skipped: (isFirst ? part.offset : before.skipped) + excess,
    isEnded: part.isEnded,
    isMissing: false,
    error: null,
  };
}

function failed(before: Log, error: ApiError): Log {
  return error.status === 404 ? { ...before, isMissing: true } : { ...before, error };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
