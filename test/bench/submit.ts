import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { acceptingBatch, type Misdeeds } from './accepting-batch';
import { ways, type Measured, type Way } from './submit-ways';

/**
 * `npm run bench:submit`: how fast and in how much memory tasks are submitted, against a service
 * that answers after 30 ms. The service and each measurement have a process of their own; the ways
 * take turns, five times, and the median is told.
 *
 * With a number, so many tasks instead of 100,000; with a second one, so many rounds instead of five.
 */
const DELAY_MS = 30;

interface Row {
  readonly what: string;
  readonly way: Way;
  readonly service: keyof typeof services;
  readonly tasks: number;
}

const bad: Partial<Misdeeds> = {
  throttled: 0.05,
  retryAfterSeconds: 1,
  cutBefore: 0.01,
  cutAfter: 0.01,
};
const services = { fine: {}, bad } satisfies Record<string, Partial<Misdeeds>>;

function rowsFor(tasks: number): readonly Row[] {
  const few = Math.max(100, Math.round(tasks / 10));
  return [
    { what: 'Nightshift', way: 'ours', service: 'fine', tasks },
    { what: 'Nightshift, a tenth of the tasks', way: 'ours', service: 'fine', tasks: few },
    { what: 'Nightshift, 5 % throttled, 2 % cut', way: 'ours', service: 'bad', tasks },
    {
      what: 'the client, collection after collection',
      way: 'collections',
      service: 'fine',
      tasks: few,
    },
    { what: 'the same, 5 % throttled, 2 % cut', way: 'collections', service: 'bad', tasks: few },
    { what: 'the client, task after task', way: 'single', service: 'fine', tasks: 200 },
    { what: 'the same, 5 % throttled, 2 % cut', way: 'single', service: 'bad', tasks: 200 },
  ];
}

async function bench(tasks: number, rounds: number): Promise<void> {
  say(`${tasks} tasks, a service that answers after ${DELAY_MS} ms, ${rounds} rounds;`);
  say(`Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`);
  const rows = rowsFor(tasks);
  const measured = rows.map((): Measured[] => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, row] of rows.entries()) {
      measured[index]?.push(await measure(row, round));
      process.stderr.write(`\rround ${round} of ${rounds}: ${index + 1} of ${rows.length}  `);
    }
  }
  process.stderr.write('\r\u001B[K');
  printTable(rows, measured, tasks);
}

async function measure({ way, service, tasks }: Row, round: number): Promise<Measured> {
  const server = fork(__filename, ['serve', service, String(round)]);
  const url = await messageOf<string>(server);
  const worker = fork(__filename, ['measure', way, String(tasks), url]);
  const measured = await messageOf<Measured>(worker);
  worker.kill();
  server.kill();
  return measured;
}

async function messageOf<Message>(child: ChildProcess): Promise<Message> {
  const [message] = (await once(child, 'message')) as [Message];
  return message;
}

function printTable(
  rows: readonly Row[],
  measured: readonly (readonly Measured[])[],
  tasks: number,
) {
  const heads = ['', 'tasks', 's', 'tasks/s', `s for ${tasks}`, 'heap MB', 'memory MB', 'result'];
  const lines = rows.map((row, index) => cellsOf(row, measured[index] ?? [], tasks));
  const widths = heads.map((head, at) =>
    Math.max(...[heads, ...lines].map((line) => (line[at] ?? '').length), head.length),
  );
  for (const line of [heads, ...lines]) {
    say(
      line
        .map((cell, at) =>
          at === 0 || at === heads.length - 1
            ? cell.padEnd(widths[at] ?? 0)
            : cell.padStart(widths[at] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    );
  }
  say(
    `\n~ worked out from the number that was measured. Heap and memory are the peaks of the process.`,
  );
}

/** A way that gave up has no rate: what it had added says how far it came. */
function cellsOf(
  { what, tasks }: Row,
  all: readonly Measured[],
  wanted: number,
): readonly string[] {
  const seconds = median(all.map((one) => one.seconds));
  const gaveUp = all.filter(({ failure }) => failure !== null);
  const heap = median(all.map((one) => one.heapMb)).toFixed(0);
  const memory = median(all.map((one) => one.memoryMb)).toFixed(0);
  const [first] = gaveUp;
  if (first !== undefined) {
    const added = median(gaveUp.map((one) => one.added)).toFixed(0);
    const result = `gave up in ${gaveUp.length} of ${all.length}, with ${added} added: ${first.failure ?? ''}`;
    return [what, String(tasks), seconds.toFixed(1), '–', '–', heap, memory, result];
  }
  const total = (seconds / tasks) * wanted;
  const scaled = `${tasks === wanted ? '' : '~ '}${total.toFixed(1)}`;
  const exact = all.every(({ added }) => added === tasks) ? 'exact' : 'NOT EXACT';
  return [
    what,
    String(tasks),
    seconds.toFixed(1),
    (tasks / seconds).toFixed(0),
    scaled,
    heap,
    memory,
    exact,
  ];
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function serve(service: keyof typeof services, seed: number): Promise<void> {
  const { url } = await acceptingBatch(DELAY_MS, { ...services[service], seed });
  process.send?.(url);
}

// A child ends with its parent, also when that is stopped in the middle.
process.once('disconnect', () => process.exit());
const [, , role = '100000', first = '5', second = '', third = ''] = process.argv;
if (role === 'serve') void serve(first as keyof typeof services, Number(second));
else if (role === 'measure') {
  void ways[first as Way](Number(second), third).then((measured) => process.send?.(measured));
} else void bench(Number(role), Number(first));
