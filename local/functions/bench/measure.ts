import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Engine } from './engine';

/** A name, a unit, one measurement, and whether it needs an HTTP function. */
export interface Measurement {
  readonly what: string;
  readonly unit: string;
  readonly measure: (engine: Engine) => Promise<number>;
  readonly http?: true;
}

export const measurements: readonly Measurement[] = [
  {
    what: 'orchestrations without an activity, 50 at once',
    unit: '/s',
    measure: (engine) => rate(2000, 50, () => run(engine, 'noop', 1)),
  },
  {
    what: 'orchestrations of one activity, 50 at once',
    unit: '/s',
    measure: (engine) => rate(2000, 50, () => run(engine, 'one', 1)),
  },
  {
    what: 'orchestrations of one activity, one by one',
    unit: '/s',
    measure: (engine) => rate(300, 1, () => run(engine, 'one', 1)),
  },
  { what: 'each further activity in a row', unit: 'ms', measure: activityCost },
  {
    what: 'a chain of 100 activities',
    unit: 'ms',
    measure: (engine) => time(() => run(engine, 'chain', 100, { steps: 100 })),
  },
  { what: 'activities that fan out, 2,000 wide', unit: '/s', measure: fanRate },
  { what: 'events to one instance, 200 in a row', unit: '/s', measure: eventRate },
  {
    what: 'HTTP requests, 20 at once',
    unit: '/s',
    http: true,
    measure: (engine) => rate(2000, 20, async () => engine.hello?.()),
  },
];

/** Runs one orchestration to its end; rejects when its output is not the expected one. */
export async function run(
  engine: Engine,
  name: string,
  expected: unknown,
  input?: unknown,
): Promise<void> {
  const output = await engine.ended(await engine.start(name, input));
  if (output !== expected)
    throw new Error(`${engine.name}: ${name} answered ${JSON.stringify(output)}`);
}

/** Returns the number of calls per second, with `width` calls at a time. */
export async function rate(
  count: number,
  width: number,
  work: () => Promise<void>,
): Promise<number> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await work();
  };
  const ms = await time(() => Promise.all(Array.from({ length: width }, worker)));
  return (count / ms) * 1000;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function activityCost(engine: Engine): Promise<number> {
  const ms = (steps: number) =>
    time(() => rate(20, 1, () => run(engine, 'chain', steps, { steps })));
  return ((await ms(21)) - (await ms(1))) / (20 * 20);
}

async function fanRate(engine: Engine): Promise<number> {
  const width = 2000;
  return (width / (await time(() => run(engine, 'fan', width, { width })))) * 1000;
}

async function eventRate(engine: Engine): Promise<number> {
  const count = 200;
  const id = await engine.start('events', { count });
  const ms = await time(async () => {
    for (let n = 0; n < count; n++) await engine.raiseEvent(id, 'E', n);
    await engine.ended(id);
  });
  return (count / ms) * 1000;
}

/** Prints a line with the median and the range of the samples. */
export function report(what: string, samples: readonly number[], unit: string): void {
  const sorted = [...samples].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const [least = Number.NaN, most = Number.NaN] = [sorted[0], sorted.at(-1)];
  const round = (n: number) => n.toLocaleString('en', { maximumFractionDigits: n < 10 ? 2 : 0 });
  process.stdout.write(
    `${what.padEnd(72)} ${round(median).padStart(8)} ${unit.padEnd(4)} (${round(least)} to ${round(most)})\n`,
  );
}

/** A folder that is deleted when the process exits. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'functions-bench-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}
