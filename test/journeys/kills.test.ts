import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import type { Run } from '../../local/cli/runs';
import {
  begin,
  closedGate,
  closeWorld,
  ended,
  freshFolder,
  leftBy,
  onlyRecord,
  openWorld,
  optionsOf,
  portsOf,
  textOf,
  when,
  worldAt,
  type Addresses,
  type Gate,
  type OwnWorld,
  type World,
} from './environment';

/** SIGKILL in the middle of a run. Started again on its folder, the run ends as it would have. */

const start = { name: 'kills', app: 'testing' } as const;

/** One after another on the same folder: what comes back after one kill is killed next. */
let world: World | undefined;
afterAll(() => closeWorld(world));

/** A run whose laps run until its gate is opened. */
async function beginMarathon(world: World): Promise<Gate & { readonly runId: string }> {
  const held = closedGate(world);
  const runId = await begin(world, 'marathon', { laps: 4, gate: held.gate });
  await when(world, runId, 'running laps', ({ tasks }) => tasks?.running === 4);
  return { ...held, runId };
}

/** What there is to see of a run at its end. */
async function endOf(world: World, runId: string) {
  const run = await ended(world, runId);
  return {
    status: run.status,
    tasks: run.tasks,
    laps: await textOf(world, run, 'results/finish.txt'),
    phasesTwice: phasesTwice(run),
    left: await leftBy(world, run),
    mayLeave: onlyRecord(run),
  };
}

function asIfNothingHadBeen({ mayLeave }: Awaited<ReturnType<typeof endOf>>) {
  return {
    status: 'succeeded',
    // The job manager, four laps and the merge.
    tasks: { active: 0, running: 0, succeeded: 6, failed: 0 },
    laps: 'lap-1 lap-2 lap-3 lap-4\n',
    phasesTwice: [],
    left: mayLeave,
    mayLeave,
  };
}

/** Milestones that the run passed more than once. */
function phasesTwice({ timeline }: Run): string[] {
  const phases = timeline.map(({ phase }) => phase);
  return phases.filter((phase, index) => phases.indexOf(phase) !== index);
}

interface Whole extends World {
  readonly pids: readonly number[];
  readonly process: ChildProcess;
}

/** The environment with its parent in another process. */
async function openElsewhere(told: Parameters<typeof optionsOf>[0]): Promise<Whole> {
  const child = fork(join(__dirname, 'whole.mjs'), [], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const lines: string[] = [];
  child.send(await optionsOf(told));
  const { pids, addresses } = await new Promise<Ready>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`it did not start:\n${lines.join('\n')}`)));
    child.on('message', (message: Ready | { readonly kind: 'line'; readonly line: string }) => {
      if (message.kind === 'line') lines.push(message.line);
      else resolve(message);
    });
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await allGone(pids);
  };
  return { ...worldAt(addresses, told.folder, lines, stop), pids, process: child };
}

interface Ready {
  readonly kind: 'ready';
  readonly pids: readonly number[];
  readonly addresses: Addresses;
}

const GONE_WITHIN_MS = 120_000;

async function allGone(pids: readonly number[]): Promise<void> {
  for (let waitedMs = 0; pids.some(isAlive); waitedMs += 100) {
    if (waitedMs > GONE_WITHIN_MS) {
      throw new Error(`still there: ${pids.filter(isAlive).join(', ')}`);
    }
    await sleep(100);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a run continues after everything was killed at once, and no process was left behind meanwhile', async () => {
  const folder = freshFolder(start.name);
  const whole = await openElsewhere({ ...start, folder });
  world = whole;
  // Held: a task that was left behind would still be running.
  const { runId, open } = await beginMarathon(whole);
  expect(tasksIn(folder).length).toBeGreaterThan(0);

  await whole.stop();
  expect(tasksIn(folder)).toEqual([]);
  open();
  world = await openWorld({ ...start, folder, ports: portsOf(whole.environment) });

  const end = await endOf(world, runId);
  expect(end).toEqual(asIfNothingHadBeen(end));
});

/** Processes that work in a node's directory. Elsewhere than on Linux nobody can tell. */
function tasksIn(folder: string): string[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(join(folder, 'batch'))
      );
    } catch {
      return false;
    }
  });
}

for (const [part, index] of [
  ['the Batch stand-in', 1],
  ['the Functions host', 2],
] as const) {
  test(`a run continues after ${part} was killed in the middle of it`, async () => {
    const first = await ownWorld();
    const { runId, open } = await beginMarathon(first);

    first.parts[index]?.kill('SIGKILL');
    await first.stop();
    open();
    const { folder, environment } = first;
    world = await openWorld({ ...start, folder, ports: portsOf(environment) });

    const end = await endOf(world, runId);
    expect(end).toEqual(asIfNothingHadBeen(end));
  });
}

/** The world that the test before has left, or the first one. */
async function ownWorld(): Promise<OwnWorld> {
  const own =
    world !== undefined && 'parts' in world ? (world as OwnWorld) : await openWorld(start);
  world = own;
  return own;
}
