#!/usr/bin/env node
import { defineCommand, runCommand } from '../../command-line';
import { openBaseline } from './baseline';
import { hostEngine, openHost, type Engine, type Place } from './engine';
import { measurements, rate, report, run, temporaryFolder } from './measure';
import { measureRestart, reportStart } from './restart';

/**
 * Measures the speed of the host: `node dist/local/functions/bench/main.js [--only
 * memory|disk|restart] [--times 5]`. Each figure is the median of several alternating measurements,
 * with their spread, and the share of one processor that the process got in that time: an absolute
 * figure of one shared machine proves little. In memory, Microsoft's own in-memory backend is
 * measured alternately with the host.
 */
const benchCommand = defineCommand({
  call: 'npm run bench:host',
  usage: `npm run bench:host -- [options]
  Measures the speed of the Functions host.
  --only P     memory, disk or restart (all of them)
  --times N    measurements of each figure, of which the median is printed (5)
`,
  options: {
    only: { type: 'string' },
    times: { type: 'string', default: '5' },
    // Internal: this process is the host whose start is measured.
    start: { type: 'string' },
  },
  check: ({ only, times }) => {
    if (!(Number.isInteger(Number(times)) && Number(times) >= 1))
      return `--times must be a whole number from 1, not ${JSON.stringify(times)}`;
    if (only !== undefined && !['memory', 'disk', 'restart'].includes(only))
      return `--only must be memory, disk or restart, not ${JSON.stringify(only)}`;
    return undefined;
  },
});

interface Contest {
  readonly place: Place;
  readonly baseline?: () => Engine;
}

const contests: readonly Contest[] = [
  {
    place: { name: 'memory', dataFolder: () => undefined, fsync: false },
    baseline: openBaseline,
  },
  { place: { name: 'disk', dataFolder: temporaryFolder, fsync: true } },
  { place: { name: 'disk, without fsync', dataFolder: temporaryFolder, fsync: false } },
];

runCommand(benchCommand, async (options) => {
  if (options.start !== undefined) return reportStart(options.start);
  const times = Number(options.times);
  for (const contest of contests)
    if (options.only === undefined || contest.place.name.startsWith(options.only))
      await measure(contest, times);
  if (options.only === undefined || options.only === 'restart')
    await measureRestart(__filename, times);
});

/** Takes all measurements of the engines of one contest, alternating between them. */
async function measure({ place, baseline }: Contest, times: number): Promise<void> {
  const host = hostEngine(place, await openHost(place));
  const engines = [host, ...(baseline === undefined ? [] : [baseline()])];
  for (const engine of engines)
    await alone(engine, () => rate(500, 50, () => run(engine, 'one', 1)));

  const samples = new Map<string, number[]>();
  const before = { cpu: process.cpuUsage(), now: performance.now() };
  for (let i = 0; i < times; i++)
    for (const { what, measure: once, http } of measurements)
      for (const engine of engines) {
        if (http === true && engine.hello === undefined) continue;
        const key = `${engine.name}: ${what}`;
        samples.set(key, [...(samples.get(key) ?? []), await alone(engine, () => once(engine))]);
      }
  const { user, system } = process.cpuUsage(before.cpu);
  const share = (user + system) / 1000 / (performance.now() - before.now);
  for (const engine of engines) await engine.close();

  for (const { what, unit } of measurements)
    for (const { name } of engines) {
      const key = `${name}: ${what}`;
      if (samples.has(key)) report(key, samples.get(key) ?? [], unit);
    }
  report(`${place.name}: share of a processor`, [share * 100], '%');
}

/** Runs `work` while no other engine uses the processor. */
async function alone<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  await engine.resume?.();
  try {
    return await work();
  } finally {
    await engine.pause?.();
  }
}
