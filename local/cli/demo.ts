import { existsSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ANY_PORTS, startEnvironment, type Environment } from '../environment';
import { blobService, drop, fetchAll, listLeftovers } from './outside';
import { getRun, hasEnded, listRuns, startRun, type Run } from './runs';
import { bunnyPly, demoCsvNames, vegaCsv } from './samples';
import { screenOn, formatRun, type Screen } from './screen';
import { stackOf } from '../errors';

/**
 * `npm run demo`: both shipped workloads on real input, from trigger to result, on this machine.
 * Exits with 0 when both succeeded and nothing is left that would cost money.
 */
const SPEED = 30;
const LOOK_EVERY_MS = 200;
const GIVE_UP_AFTER_MS = 300_000;

const root = resolve(__dirname, '..', '..', '..');
const folder = join(root, '.nightshift', 'demo');
const outFolder = join(root, 'out');

async function demo(screen: Screen): Promise<boolean> {
  const begun = Date.now();
  screen.say(
    `Nightshift: a dropped mesh and a nightly report, on this machine.\nThe clock runs ${SPEED} times as fast as a real one.\n`,
  );
  rmSync(folder, { recursive: true, force: true });
  const lines: string[] = [];
  const environment = await startEnvironment({
    folder,
    appFolder: root,
    speed: SPEED,
    ports: ANY_PORTS,
    machine: process.env,
    log: (part, line) => lines.push(`${part}: ${line}`),
  });
  endWithSignals(environment);
  try {
    screen.say(
      `${secondsSince(begun)} s   storage, Batch, vault, identity and the Functions host are up\n`,
    );
    const runs = [await renderBunny(environment, screen), await reportCsv(environment, screen)];
    const clean = await tellTheEnd(environment, screen, runs);
    screen.say(`\n${secondsSince(begun)} s in all.`);
    const good = clean && runs.every(({ status }) => status === 'succeeded');
    if (!good) screen.say(`\nThe last lines of the environment:\n${lines.slice(-30).join('\n')}`);
    return good;
  } catch (error) {
    screen.say(`\nThe last lines of the environment:\n${lines.slice(-30).join('\n')}`);
    throw error;
  } finally {
    await environment.stop();
  }
}

/** The blob trigger: a mesh is dropped, and the run it starts is the one that appears. */
async function renderBunny(environment: Environment, screen: Screen): Promise<Run> {
  await drop(blobService(environment), 'inbox', 'bunny.ply', bunnyPly());
  screen.say('The Stanford bunny is dropped into the container inbox.');
  const runId = await eventually(
    async () => (await listRuns(environment.appUrl, 'render'))[0]?.runId,
  );
  return follow(environment, screen, 'render', runId);
}

/** The HTTP trigger, in place of the timer at 02:00. */
async function reportCsv(environment: Environment, screen: Screen): Promise<Run> {
  const service = blobService(environment);
  for (const { name, bytes } of vegaCsv(demoCsvNames))
    await drop(service, 'reports-in', name, bytes);
  screen.say(
    `${demoCsvNames.length} CSV files lie in the container reports-in; POST /api/runs/nightly-report.`,
  );
  return follow(
    environment,
    screen,
    'nightly-report',
    await startRun(environment.appUrl, 'nightly-report'),
  );
}

async function follow(
  environment: Environment,
  screen: Screen,
  title: string,
  runId: string,
): Promise<Run> {
  const begun = Date.now();
  const elapsed = () => (Date.now() - begun) / 1000;
  const following = screen.follow(title);
  const ended = await eventually(async () => {
    const run = await getRun(environment.appUrl, runId);
    following.show(run, elapsed());
    return hasEnded(run) ? run : undefined;
  });
  following.end(ended, elapsed());
  screen.say();
  return ended;
}

async function eventually<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  const giveUpAt = Date.now() + GIVE_UP_AFTER_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > giveUpAt)
      throw new Error(`nothing came of it within ${GIVE_UP_AFTER_MS / 1000} s`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** Brings the results to disk, tells each run's story, and asks the services what they still hold. */
async function tellTheEnd(
  environment: Environment,
  screen: Screen,
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
      files.map((file) => relative(root, file)),
      SPEED,
    ))
      screen.say(line);
  }
  const left = await listLeftovers(environment);
  const ends = runs.map(({ record }) => record?.outputsKeptUntil?.slice(0, 10) ?? 'now');
  const until = [...new Set(ends)].join(' and ');
  screen.say(
    `\nLeft: pools ${left.pools}, jobs ${left.jobs}, run containers ${left.containers.length} (outputs, kept until ${until}).`,
  );
  const onlyOutputs = left.containers.every((name) => name.endsWith('-out'));
  return left.pools === 0 && left.jobs === 0 && onlyOutputs;
}

function secondsSince(begun: number): string {
  return ((Date.now() - begun) / 1000).toFixed(1);
}

function endWithSignals(environment: Environment): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void environment.stop().finally(() => process.exit(130));
    });
  }
}

if (!existsSync(join(root, 'dist', 'src', 'main.js'))) {
  process.stderr.write('The app is not built; run npm run demo, which builds it first.\n');
  process.exit(1);
}
demo(screenOn(process.stdout)).then(
  (good) => process.exit(good ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`${stackOf(error)}\n`);
    process.exit(1);
  },
);
