import { fork } from 'node:child_process';
import { defineCommand, runCommand } from '../../local/command-line';
import { play } from '../../src/rehearse/play';
import { SHAPES, type WorldKind } from '../../src/rehearse/kinds';
import { drawWorld, type WorldPlan } from '../../src/rehearse/world';
import { countProblem } from './main-options';
import { shrink, violationsOf } from './shrink';

const command = defineCommand({
  call: 'npm run simulate',
  usage: `npm run simulate [-- --seeds <n>] [--seed <n>] [--kind <kind>] [--workers <n>] [--no-shrink] [--trace]

Plays worlds: runs of the real workflow, triggers and ledger against models of Batch and storage,
with faults at every call. Prints each world that breaks an invariant, shrunk, with the command that
repeats it, and at the end the number of worlds and runs. Exit code 1 when a world breaks one.

  --seeds <n>    worlds to play (default 1)
  --seed <n>     the first of them (default 1); the same seed plays the same world
  --kind <kind>  only worlds of this kind, for example takeover (default: the kind of each seed)
  --workers <n>  processes that share the worlds (default 1)
  --no-shrink    do not shrink the worlds that break an invariant
  --trace        print every call of the first world
  --help         print this text
`,
  options: {
    seeds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    kind: { type: 'string', default: '' },
    workers: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
  },
  check: ({ seeds, seed, workers, kind }) =>
    countProblem({ seeds, seed, workers }) ?? kindProblem(kind),
});

const DETAILS_SHOWN = 5;
const SEEDS_SHOWN = 3;

interface Tally {
  worlds: number;
  runs: number;
  /** Of processor time. */
  seconds: number;
  /** Ids of rows, with the seeds that broke them. */
  readonly broken: Record<string, number[]>;
}

/** Worlds to play. */
interface Order {
  readonly first: number;
  readonly count: number;
  /** Of each seed where it is left out. */
  readonly kind: WorldKind | undefined;
  readonly shrinks: boolean;
}

runCommand(command, async (options) => {
  const order: Order = {
    first: Number(options.seed),
    count: Number(options.seeds),
    kind: options.kind === '' ? undefined : (options.kind as WorldKind),
    shrinks: !options['no-shrink'],
  };
  const workers = Number(options.workers);
  if (options.trace) await printTrace(order);
  const tally = workers > 1 ? await share(order, workers) : await playAll(order);
  if (process.send !== undefined) {
    process.send(tally);
    return 0;
  }
  printTally(order.first, tally);
  return Object.keys(tally.broken).length > 0 ? 1 : 0;
});

function kindProblem(kind: string): string | undefined {
  const kinds = Object.keys(SHAPES);
  return kind === '' || kinds.includes(kind)
    ? undefined
    : `--kind must be one of ${kinds.join(', ')}, not ${JSON.stringify(kind)}`;
}

async function printTrace({ first, kind }: Order): Promise<void> {
  const { trace } = await play(drawWorld(first, kind), true);
  for (const line of trace.lines) say(line);
  say(`trace ${trace.hash}`);
}

function printTally(first: number, { worlds, runs, seconds, broken }: Tally): void {
  const rate = (runs / seconds).toFixed();
  say(
    `${worlds} worlds from seed ${first}, ${runs} runs in ${seconds.toFixed(1)} s of processor time (${rate} a second)`,
  );
  for (const [id, seeds] of Object.entries(broken)) {
    say(`  ${id}: broken in ${seeds.length}, first by ${seeds.slice(0, 8).join(' ')}`);
  }
}

async function playAll({ first, count, kind, shrinks }: Order): Promise<Tally> {
  const tally: Tally = { worlds: 0, runs: 0, seconds: 0, broken: {} };
  const before = process.cpuUsage();
  for (let seed = first; seed < first + count; seed++) {
    const plan = drawWorld(seed, kind);
    const { runs, violations } = await violationsOf(plan);
    tally.worlds += 1;
    tally.runs += runs;
    for (const { id, name, details } of violations) {
      const seeds = (tally.broken[id] ??= []);
      seeds.push(seed);
      if (seeds.length <= SEEDS_SHOWN) {
        say(`seed ${seed} breaks ${id} (${name}): ${details[0] ?? ''}`);
      }
      if (seeds.length === 1 && shrinks) await printShrunk(plan, id);
    }
  }
  const { user, system } = process.cpuUsage(before);
  tally.seconds = (user + system) / 1e6;
  return tally;
}

async function printShrunk(drawn: WorldPlan, id: string): Promise<void> {
  const { plan, violations } = await shrink(drawn, id);
  say(`  shrunk to ${plan.faults.length} faults and ${plan.occurrences.length} occurrences:`);
  for (const fault of plan.faults) say(`    ${JSON.stringify(fault)}`);
  for (const { kind, workload, at } of plan.occurrences) {
    say(`    ${kind} of ${workload} at ${new Date(at).toISOString()}`);
  }
  for (const { details } of violations) {
    say(`    ${details.slice(0, DETAILS_SHOWN).join('\n    ')}`);
  }
  say(`  repeat it: npm run simulate -- --seed ${plan.seed} --kind ${plan.kind} --trace`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Each worker plays a part of the seeds and sends its tally. */
async function share(order: Order, workers: number): Promise<Tally> {
  const { first, count } = order;
  const each = Math.ceil(count / workers);
  const starts = Array.from({ length: workers }, (_, index) => index * each);
  const tallies = await Promise.all(
    starts
      .filter((start) => start < count)
      .map((start) =>
        playInWorker({ ...order, first: first + start, count: Math.min(each, count - start) }),
      ),
  );
  const sum: Tally = { worlds: 0, runs: 0, seconds: 0, broken: {} };
  for (const { worlds, runs, seconds, broken } of tallies) {
    sum.worlds += worlds;
    sum.runs += runs;
    sum.seconds += seconds;
    for (const [id, seeds] of Object.entries(broken)) (sum.broken[id] ??= []).push(...seeds);
  }
  return sum;
}

function playInWorker({ first, count, kind, shrinks }: Order): Promise<Tally> {
  const values = ['--seed', String(first), '--seeds', String(count), '--kind', kind ?? ''];
  const worker = fork(__filename, shrinks ? values : [...values, '--no-shrink']);
  return new Promise((resolve, reject) => {
    worker.once('message', (tally) => {
      worker.disconnect();
      resolve(tally as Tally);
    });
    worker.once('exit', (code) => reject(new Error(`a worker ended with ${code}`)));
  });
}
