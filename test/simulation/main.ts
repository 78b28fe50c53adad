import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { play } from '../../src/rehearse/play';
import { drawWorld } from '../../src/rehearse/world';
import { rowsFor, shrink, violationsOf } from './shrink';

/**
 * `npm run simulate -- --seeds 1000 [--seed 1] [--workers 2] [--all] [--trace]`
 *
 * Plays worlds and prints each that breaks an invariant, shrunk, with the command that repeats it.
 * `--all` also checks the rows that are known not to hold yet; `--trace` prints every call of the
 * first seed.
 */
const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '1' },
    all: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
  },
});

const FAILURES_SHRUNK = 5;

interface Tally {
  worlds: number;
  /** Ids of rows, with the seeds that broke them. */
  readonly broken: Record<string, number[]>;
}

async function playAll(first: number, count: number): Promise<Tally> {
  const rows = rowsFor(options.all);
  const tally: Tally = { worlds: 0, broken: {} };
  for (let seed = first; seed < first + count; seed++) {
    tally.worlds += 1;
    for (const { id, name, details } of await violationsOf(drawWorld(seed), rows)) {
      const seeds = (tally.broken[id] ??= []);
      seeds.push(seed);
      if (seeds.length <= 3) say(`seed ${seed} breaks ${id} (${name}): ${details[0] ?? ''}`);
      if (seeds.length === 1 && !options['no-shrink']) await tellShrunk(seed, id);
    }
  }
  return tally;
}

async function tellShrunk(seed: number, id: string): Promise<void> {
  const { plan, violations } = await shrink(seed, id, rowsFor(options.all));
  say(`  shrunk to ${plan.faults.length} faults and ${plan.occurrences.length} occurrences:`);
  for (const fault of plan.faults) say(`    ${JSON.stringify(fault)}`);
  for (const { kind, workload, at } of plan.occurrences) {
    say(`    ${kind} of ${workload} at ${new Date(at).toISOString()}`);
  }
  for (const { details } of violations.slice(0, FAILURES_SHRUNK)) {
    say(`    ${details.slice(0, FAILURES_SHRUNK).join('\n    ')}`);
  }
  say(`  repeat it: npm run simulate -- --seed ${seed}${options.all ? ' --all' : ''} --trace`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Each worker plays a stretch of the seeds and sends its tally. */
async function share(first: number, count: number, workers: number): Promise<Tally> {
  const each = Math.ceil(count / workers);
  const flags = ['all', 'no-shrink'].filter((name) => options[name as 'all']);
  const tallies = await Promise.all(
    Array.from({ length: workers }, (_, index) => {
      const own = Math.min(each, count - index * each);
      const from = first + index * each;
      const values = [
        '--seed',
        String(from),
        '--seeds',
        String(own),
        ...flags.map((name) => `--${name}`),
      ];
      return new Promise<Tally>((resolve, reject) => {
        const worker = fork(__filename, values);
        worker.once('message', (tally) => resolve(tally as Tally));
        worker.once('exit', (code) => reject(new Error(`a worker ended with ${code}`)));
      });
    }),
  );
  const sum: Tally = { worlds: 0, broken: {} };
  for (const { worlds, broken } of tallies) {
    sum.worlds += worlds;
    for (const [id, seeds] of Object.entries(broken)) (sum.broken[id] ??= []).push(...seeds);
  }
  return sum;
}

async function main(): Promise<void> {
  const [first, count, workers] = [
    Number(options.seed),
    Number(options.seeds),
    Number(options.workers),
  ];
  if (options.trace) {
    const { trace } = await play(drawWorld(first), true);
    for (const line of trace.lines) say(line);
    say(`trace ${trace.hash}`);
  }
  const tally = workers > 1 ? await share(first, count, workers) : await playAll(first, count);
  if (process.send !== undefined) {
    process.send(tally);
    return;
  }
  say(`${tally.worlds} worlds from seed ${first}`);
  for (const [id, seeds] of Object.entries(tally.broken)) {
    say(`  ${id}: broken in ${seeds.length}, first by ${seeds.slice(0, 8).join(' ')}`);
  }
  process.exitCode = Object.keys(tally.broken).length > 0 ? 1 : 0;
}

void main();
