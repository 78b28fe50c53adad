import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { formatError, stackOf } from './errors';

/**
 * A part of the environment in a separate process. It ends with its parent, even after a SIGKILL:
 * the channel between them closes, and a part whose channel has closed exits.
 */
export interface Part {
  readonly url: string;
  readonly process: ChildProcess;
  /** Asks it to end and waits; kills it when it does not end. */
  stop(): Promise<void>;
}

export interface PartStart {
  readonly name: string;
  readonly script: string;
  readonly args?: readonly string[];
  readonly execArgv?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Sent as the first message; may contain secrets, which a command line must not. */
  readonly options?: unknown;
  /** Finds the address in what the part prints, for a part that sends no message. */
  readonly readyLine?: RegExp;
  readonly log: (line: string) => void;
}

/** The error of a part that ended, or sent no message, before it was ready. */
export class PartStartError extends Error {
  override readonly name = 'PartStartError';
  /** The error without the lines that the part printed. */
  readonly summary: string;

  constructor(part: string, reason: string, lines: readonly string[]) {
    const summary = `${part} did not start: ${reason}`;
    super(lines.length === 0 ? summary : `${summary}:\n${lines.join('\n')}`);
    this.summary = summary;
  }
}

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 12_000;

export async function startPart(start: PartStart): Promise<Part> {
  const child = fork(start.script, [...(start.args ?? [])], {
    env: { ...start.env },
    execArgv: [...(start.execArgv ?? [])],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C reaches every process of a terminal's group; the parent decides when its parts end.
    detached: true,
  });
  const lines: string[] = [];
  const note = (line: string) => {
    lines.push(line);
    if (lines.length > 40) lines.shift();
    start.log(line);
  };
  eachLine(child, note);
  if (start.options !== undefined) child.send({ kind: 'start', options: start.options });

  const url = await ready(child, start).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw new PartStartError(start.name, formatError(error), lines);
  });
  let isAsked = false;
  child.once('exit', (code, signal) => {
    if (!isAsked)
      start.log(`${start.name} ended by itself: ${signal ?? `exit code ${String(code)}`}`);
  });
  return {
    url,
    process: child,
    stop: () => {
      isAsked = true;
      return stop(child);
    },
  };
}

function ready(child: ChildProcess, { readyLine, name }: PartStart): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${name} was not ready within ${READY_WITHIN_MS / 1000} s`)),
      READY_WITHIN_MS,
    );
    const settle = (url: string) => {
      clearTimeout(timer);
      resolve(url);
    };
    child.on('message', (message: unknown) => {
      if (isReady(message)) settle(message.url);
    });
    if (readyLine !== undefined) {
      eachLine(child, (line) => {
        const found = readyLine.exec(line)?.[1];
        if (found !== undefined) settle(found);
      });
    }
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`it ended with ${signal ?? `exit code ${String(code)}`}`));
    });
  });
}

function isReady(message: unknown): message is { kind: 'ready'; url: string } {
  return (
    typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'ready'
  );
}

function eachLine(child: ChildProcess, handle: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) handle(line);
    });
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await ended;
  clearTimeout(timer);
}

/**
 * The child's side: receives its options, starts, reports its address, and ends with its parent.
 */
export function runPart<Options>(
  begin: (options: Options) => Promise<{ readonly url: string; close(): Promise<void> }>,
): void {
  const started = new Promise<{ url: string; close(): Promise<void> }>((resolve, reject) => {
    process.once('message', (message: { options: Options }) => {
      begin(message.options).then(resolve, reject);
    });
  });
  started.then(
    ({ url }) => process.send?.({ kind: 'ready', url }),
    (error: unknown) => {
      process.stderr.write(`${stackOf(error)}\n`);
      process.exit(1);
    },
  );
  const end = () => {
    void started.then(({ close }) => close()).finally(() => process.exit(0));
  };
  process.once('SIGTERM', end);
  process.once('disconnect', () => {
    // Later output has no reader; an error about that would end the part before it has closed.
    process.stdout.on('error', () => undefined);
    process.stderr.on('error', () => undefined);
    end();
  });
}
