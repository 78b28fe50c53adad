import type { Send } from './api';
import { pathOfRun } from './runs';

/** The log of a task, or of the start task of a node. */
export type LogSource =
  | { readonly kind: 'task'; readonly task: string; readonly log: 'stdout' | 'stderr' }
  | { readonly kind: 'node'; readonly node: string; readonly log: 'stdout' | 'stderr' };

export interface LogPart {
  readonly text: string;
  readonly offset: number;
  /** The offset with which to ask for what follows. */
  readonly next: number;
  /** Bytes of the file, as of now. */
  readonly length: number;
  /** True where nothing is written to the log any more. */
  readonly isEnded: boolean;
}

/** The part of a log that starts with a byte; a negative offset counts from the end. */
export async function readLog(
  send: Send,
  runId: string,
  source: LogSource,
  offset: number,
): Promise<LogPart> {
  const name = source.kind === 'task' ? source.task : source.node;
  const path = `${pathOfRun(runId)}/${source.kind}s/${encodeURIComponent(name)}/logs/${source.log}`;
  return (await send('GET', `${path}?offset=${offset}`)) as LogPart;
}
