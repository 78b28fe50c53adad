#!/usr/bin/env node
import { fork } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { realClock } from '../clock';
import * as client from './durable/client';
import { startHost, type RunningHost } from './host';

/**
 * How fast the host is: `node dist/local/functions/bench.js [--only memory|disk|restart] [--times 5]`.
 * Each figure is the median of several measurements taken in turn, with their spread, and the
 * share of one processor that the process got meanwhile: an absolute figure of one machine, with
 * others at work on it, proves little.
 */
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    times: { type: 'string', default: '5' },
    start: { type: 'string' },
  },
});

interface Place {
  readonly name: string;
  readonly dataFolder: () => string | undefined;
  readonly fsync: boolean;
}

const places: readonly Place[] = [
  { name: 'memory', dataFolder: () => undefined, fsync: false },
  { name: 'disk', dataFolder: temporaryFolder, fsync: true },
  { name: 'disk, without fsync', dataFolder: temporaryFolder, fsync: false },
];

void main();

async function main(): Promise<void> {
  if (options.start !== undefined) return tellStart(options.start);
  for (const place of places)
    if (options.only === undefined || place.name.startsWith(options.only))
      await measurePlace(place);
  if (options.only === undefined || options.only === 'restart') await measureRestart();
}

type Step = Generator<df.Task, unknown, never>;

function register(): void {
  df.app.activity('echo', { handler: (input: unknown) => input });
  df.app.orchestration('noop', function* (context): Step {
    if (context.df.instanceId !== '') return 1;
    return yield context.df.callActivity('echo', 1);
  });
  df.app.orchestration('one', function* (context): Step {
    return yield context.df.callActivity('echo', 1);
  });
  df.app.orchestration('chain', function* (context): Step {
    const { steps } = context.df.getInput<{ steps: number }>();
    for (let n = 0; n < steps; n++) yield context.df.callActivity('echo', n);
    return steps;
  });
  df.app.orchestration('fan', function* (context): Step {
    const { width } = context.df.getInput<{ width: number }>();
    const tasks = Array.from({ length: width }, (_, n) => context.df.callActivity('echo', n));
    const results: readonly unknown[] = yield context.df.Task.all(tasks);
    return results.length;
  });
  df.app.orchestration('events', function* (context): Step {
    const { count } = context.df.getInput<{ count: number }>();
    for (let n = 0; n < count; n++) yield context.df.waitForExternalEvent('E');
    return count;
  });
  app.http('hello', { methods: ['GET'], handler: () => ({ body: 'hello' }) });
}

/** A host with the functions above. */
function openHost(place: Place, dataFolder = place.dataFolder()): Promise<RunningHost> {
  return startHost({
    register,
    clock: realClock,
    environment: {},
    log: (level, message) => {
      if (level === 'error') process.stderr.write(`${message}\n`);
    },
    fsync: place.fsync,
    ...(dataFolder === undefined ? {} : { dataFolder }),
  });
}

/** What is measured: a name, a unit, and one measurement. */
type Measurement = readonly [
  what: string,
  unit: string,
  measure: (host: RunningHost) => Promise<number>,
];

const measurements: readonly Measurement[] = [
  [
    'orchestrations without an activity, 50 at once',
    '/s',
    (host) => rate(2000, 50, () => run(host, 'noop')),
  ],
  [
    'orchestrations of one activity, 50 at once',
    '/s',
    (host) => rate(2000, 50, () => run(host, 'one')),
  ],
  [
    'orchestrations of one activity, one by one',
    '/s',
    (host) => rate(300, 1, () => run(host, 'one')),
  ],
  ['each further activity in a row', 'ms', activityCost],
  ['a chain of 100 activities', 'ms', (host) => time(() => run(host, 'chain', { steps: 100 }))],
  ['activities that fan out, 2,000 wide', '/s', fanRate],
  ['events to one instance, 200 in a row', '/s', eventRate],
  ['HTTP requests, 20 at once', '/s', (host) => rate(2000, 20, () => hello(host))],
];

async function measurePlace(place: Place): Promise<void> {
  const host = await openHost(place);
  await rate(500, 50, () => run(host, 'one'));
  const samples = new Map<string, number[]>();
  const before = { cpu: process.cpuUsage(), now: performance.now() };
  for (let i = 0; i < Number(options.times); i++)
    for (const [what, , measure] of measurements)
      samples.set(what, [...(samples.get(what) ?? []), await measure(host)]);
  const { user, system } = process.cpuUsage(before.cpu);
  const share = (user + system) / 1000 / (performance.now() - before.now);
  await host.close();

  for (const [what, unit] of measurements)
    report(`${place.name}: ${what}`, samples.get(what) ?? [], unit);
  report(`${place.name}: share of a processor`, [share * 100], '%');
}

async function run(host: RunningHost, name: string, input?: unknown): Promise<void> {
  const text = input === undefined ? null : JSON.stringify(input);
  const id = await client.startNew(host.hub, { name, input: text });
  const { status, output } = await host.hub.ended(id);
  if (status !== 'Completed') throw new Error(`${name} ended as ${status}: ${output}`);
}

async function hello(host: RunningHost): Promise<void> {
  const response = await fetch(`${host.url}/api/hello`);
  await response.text();
}

/** How many a second, `width` at once. */
async function rate(count: number, width: number, work: () => Promise<void>): Promise<number> {
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

async function activityCost(host: RunningHost): Promise<number> {
  const ms = (steps: number) => time(() => rate(20, 1, () => run(host, 'chain', { steps })));
  return ((await ms(21)) - (await ms(1))) / (20 * 20);
}

async function fanRate(host: RunningHost): Promise<number> {
  const width = 2000;
  return (width / (await time(() => run(host, 'fan', { width })))) * 1000;
}

async function eventRate(host: RunningHost): Promise<number> {
  const count = 200;
  const id = await client.startNew(host.hub, { name: 'events', input: JSON.stringify({ count }) });
  const ms = await time(async () => {
    for (let n = 0; n < count; n++) await client.raiseEvent(host.hub, id, 'E', String(n));
    await host.hub.ended(id);
  });
  return (count / ms) * 1000;
}

const ENDED = 100_000;

/** Starts of processes of their own with many ended instances on disk, and the memory they take. */
async function measureRestart(): Promise<void> {
  const folder = temporaryFolder();
  const host = await openHost({ name: 'disk', dataFolder: () => folder, fsync: false });
  await rate(ENDED, 100, () => run(host, 'one'));
  await host.close();
  const starts = [];
  for (let i = 0; i < Number(options.times); i++) starts.push(await startOf(folder));
  const empty = [];
  for (let i = 0; i < Number(options.times); i++) empty.push(await startOf(temporaryFolder()));

  const what = `with ${ENDED.toLocaleString('en')} ended instances`;
  report(
    'start of an empty host',
    empty.map(({ ms }) => ms),
    'ms',
  );
  report(
    `start ${what}`,
    starts.map(({ ms }) => ms),
    'ms',
  );
  report(
    'memory of an empty host',
    empty.map(({ mebibytes }) => mebibytes),
    'MiB',
  );
  report(
    `memory ${what}`,
    starts.map(({ mebibytes }) => mebibytes),
    'MiB',
  );
}

interface Start {
  readonly ms: number;
  readonly mebibytes: number;
}

function startOf(folder: string): Promise<Start> {
  const child = fork(__filename, ['--start', folder]);
  return new Promise((resolve) => child.once('message', (start) => resolve(start as Start)));
}

/** In the child: opens a host, tells what it took, and ends. */
async function tellStart(folder: string): Promise<void> {
  const before = performance.now();
  const host = await openHost({ name: 'disk', dataFolder: () => folder, fsync: false });
  const start: Start = {
    ms: performance.now() - before,
    mebibytes: process.memoryUsage().rss / 2 ** 20,
  };
  process.send?.(start);
  await host.close();
}

function report(what: string, samples: readonly number[], unit: string): void {
  const sorted = [...samples].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const [least = Number.NaN, most = Number.NaN] = [sorted[0], sorted.at(-1)];
  const round = (n: number) => n.toLocaleString('en', { maximumFractionDigits: n < 10 ? 2 : 0 });
  process.stdout.write(
    `${what.padEnd(70)} ${round(median).padStart(8)} ${unit.padEnd(4)} (${round(least)} to ${round(most)})\n`,
  );
}

function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'functions-bench-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}
