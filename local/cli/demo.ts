import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../command-line';
import { startEnvironment, type Environment } from '../environment';
import { UserError } from '../error-line';
import { ANY_PORTS } from '../ports';
import { demoCommand } from './commands';
import { ROOT } from './folders';
import { blobService, drop, fetchAll, listLeftovers } from './storage-access';
import { getRun, hasEnded, listRuns, startRun, type Run } from './runs';
import { bunnyPly, demoCsvNames, vegaCsv } from './samples';
import { formatRun, openTerminal, type Terminal } from './terminal';

const SPEED = 30;
const POLL_EVERY_MS = 200;
const TIMEOUT_MS = 300_000;

const folder = join(ROOT, '.nightshift', 'demo');
const outFolder = join(ROOT, 'out');

/**
 * `npm run demo`: both shipped workloads on real input, from trigger to result, on this machine.
 * Exits with 0 when both succeeded and nothing is left that would cost money.
 */
runCommand(demoCommand, async () => {
  const succeeded = await demo(openTerminal(process.stdout));
  // Clients may hold timers.
  process.exit(succeeded ? 0 : 1);
});

async function demo(terminal: Terminal): Promise<boolean> {
  const startedAt = Date.now();
  terminal.print(
    `Nightshift: an uploaded mesh and a nightly report, on this machine.\nThe clock runs ${SPEED} times as fast as real time.\n\n0.0 s   starting storage, Batch, vault, identity and the Functions host…`,
  );
  rmSync(folder, { recursive: true, force: true });
  const lines: string[] = [];
  const environment = await startEnvironment({
    folder,
    appFolder: ROOT,
    speed: SPEED,
    ports: ANY_PORTS,
    machine: process.env,
    log: (part, line) => lines.push(`${part}: ${line}`),
  });
  endOnSignals(environment);
  try {
    terminal.print(`${secondsSince(startedAt)} s   all of them are up\n`);
    const runs = [await renderBunny(environment, terminal), await reportCsv(environment, terminal)];
    const isClean = await printEnd(environment, terminal, runs);
    terminal.print(`\n${secondsSince(startedAt)} s in all.`);
    const succeeded = isClean && runs.every(({ status }) => status === 'succeeded');
    if (!succeeded) printLines(terminal, lines);
    return succeeded;
  } catch (error) {
    printLines(terminal, lines);
    throw error;
  } finally {
    await environment.stop();
  }
}

function printLines(terminal: Terminal, lines: readonly string[]): void {
  terminal.print(`\nThe last lines of the environment:\n${lines.slice(-30).join('\n')}`);
}

/** Uploads a mesh. The run that its blob trigger starts is the first of the workload. */
async function renderBunny(environment: Environment, terminal: Terminal): Promise<Run> {
  await drop(blobService(environment), 'inbox', 'bunny.ply', bunnyPly());
  terminal.print('The Stanford bunny is uploaded to the container inbox.');
  const runId = await eventually(
    async () => (await listRuns(environment.appUrl, 'render'))[0]?.runId,
  );
  return follow(environment, terminal, 'render', runId);
}

/** Starts the report over HTTP, instead of the timer at 02:00. */
async function reportCsv(environment: Environment, terminal: Terminal): Promise<Run> {
  const service = blobService(environment);
  for (const { name, bytes } of vegaCsv(demoCsvNames))
    await drop(service, 'reports-in', name, bytes);
  terminal.print(
    `${demoCsvNames.length} CSV files are in the container reports-in; POST /api/runs/nightly-report.`,
  );
  return follow(
    environment,
    terminal,
    'nightly-report',
    await startRun(environment.appUrl, 'nightly-report'),
  );
}

async function follow(
  environment: Environment,
  terminal: Terminal,
  title: string,
  runId: string,
): Promise<Run> {
  const startedAt = Date.now();
  const elapsed = () => (Date.now() - startedAt) / 1000;
  const progress = terminal.follow(title);
  const ended = await eventually(async () => {
    const run = await getRun(environment.appUrl, runId);
    progress.show(run, elapsed());
    return hasEnded(run) ? run : undefined;
  });
  progress.end(ended, elapsed());
  terminal.print();
  return ended;
}

async function eventually<Found>(poll: () => Promise<Found | undefined>): Promise<Found> {
  const timeoutAt = Date.now() + TIMEOUT_MS;
  for (;;) {
    const found = await poll();
    if (found !== undefined) return found;
    if (Date.now() > timeoutAt)
      throw new UserError(`a run did not make progress within ${TIMEOUT_MS / 1000} s`);
    await sleep(POLL_EVERY_MS);
  }
}

/** Downloads the results, prints each run, and asks the services for leftovers. */
async function printEnd(
  environment: Environment,
  terminal: Terminal,
  runs: readonly Run[],
): Promise<boolean> {
  const service = blobService(environment);
  for (const run of runs) {
    const target = join(outFolder, run.workload);
    rmSync(target, { recursive: true, force: true });
    const container = run.record?.outputContainer;
    const files =
      container === undefined ? [] : await fetchAll(service, container, 'results/', target);
    for (const line of formatRun(
      run,
      files.map((file) => relative(ROOT, file)),
      SPEED,
    ))
      terminal.print(line);
  }
  const left = await listLeftovers(environment);
  const ends = runs.map(({ record }) => record?.outputsKeptUntil?.slice(0, 10) ?? 'now');
  const until = [...new Set(ends)].join(' and ');
  terminal.print(
    `\nLeft: pools ${left.pools}, jobs ${left.jobs}, run containers ${left.containers.length} (outputs, kept until ${until}).`,
  );
  const onlyOutputs = left.containers.every((name) => name.endsWith('-out'));
  return left.pools === 0 && left.jobs === 0 && onlyOutputs;
}

function secondsSince(startedAt: number): string {
  return ((Date.now() - startedAt) / 1000).toFixed(1);
}

function endOnSignals(environment: Environment): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void environment.stop().finally(() => process.exit(130));
    });
  }
}
