import { fork } from 'node:child_process';
import { hostEngine, openHost } from './engine';
import { rate, report, run, temporaryFolder } from './measure';

const ENDED = 100_000;

/**
 * Measures starts of separate processes with many ended instances on disk, `times` of each, and
 * their memory. `program` is a script that calls `reportStart` when it is started with `--start`.
 */
export async function measureRestart(program: string, times: number): Promise<void> {
  const folder = temporaryFolder();
  const place = { name: 'disk', dataFolder: () => folder, fsync: false };
  const engine = hostEngine(place, await openHost(place));
  await rate(ENDED, 100, () => run(engine, 'one', 1));
  await engine.close();
  const full = [];
  const empty = [];
  for (let i = 0; i < times; i++) {
    full.push(await startOf(program, folder));
    empty.push(await startOf(program, temporaryFolder()));
  }
  const what = `with ${ENDED.toLocaleString('en')} ended instances`;
  printStarts('an empty host', empty);
  printStarts(`a host ${what}`, full);
}

interface Start {
  readonly ms: number;
  readonly mebibytes: number;
}

function printStarts(what: string, starts: readonly Start[]): void {
  const figures = (pick: (start: Start) => number) => starts.map(pick);
  report(
    `start of ${what}`,
    figures(({ ms }) => ms),
    'ms',
  );
  report(
    `memory of ${what}`,
    figures(({ mebibytes }) => mebibytes),
    'MiB',
  );
}

function startOf(program: string, folder: string): Promise<Start> {
  const child = fork(program, ['--start', folder]);
  return new Promise((resolve) => child.once('message', (start) => resolve(start as Start)));
}

/** Runs in the child: opens a host, reports its start time and memory, and ends. */
export async function reportStart(folder: string): Promise<void> {
  const before = performance.now();
  const host = await openHost({ name: 'disk', dataFolder: () => folder, fsync: false });
  const start: Start = {
    ms: performance.now() - before,
    mebibytes: process.memoryUsage().rss / 2 ** 20,
  };
  process.send?.(start);
  await host.close();
}
