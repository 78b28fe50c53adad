import { buildSync } from 'esbuild';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEnvironment, type Environment } from '../../local/environment';
import { hasEnded, type Run } from '../../local/cli/runs';
import { drop } from '../../local/cli/storage-access';
import {
  ask,
  begin,
  closedGate,
  freshFolder,
  leftBy,
  onlyRecord,
  optionsOf,
  root,
  show,
  textOf,
  worldAt,
  type Gate,
  type World,
} from '../journeys/environment';
import { isMissing, skipped } from './missing';

// The whole workflow: the app of the journeys on the Batch stand-in, its orchestrations on the real
// engine. The engine knows no clock but the real one, so the app and Batch have it too: on a faster
// clock Batch would reach the time limit of a job long before the app reaches the deadline.

/** The shortest deadline of a workload is five minutes. */
const TIMEOUT_MS = 600_000;

let environment: Environment;
let world: World;
const lines: string[] = [];

/** All runs are active when the host is killed. */
const runs = { succeeds: '', fails: '', exceeds: '', timesOut: '', isCancelled: '', isLong: '' };
let gates: readonly Gate[] = [];

beforeAll(async () => {
  if (isMissing) return;
  const folder = freshFolder('real-engine');
  const start = { name: 'real-engine', app: 'testing', folder, speed: 1 } as const;
  environment = await startEnvironment({
    ...(await optionsOf(start)),
    partsFolder: partsWithRealHost(folder),
    log: (part, line) => lines.push(`${part}: ${line}`),
  });
  world = worldAt(environment, folder, lines, () => environment.stop());
  gates = [closedGate(world), closedGate(world)];
  runs.timesOut = await begin(world, 'hangs');
  runs.succeeds = await beginParts('one.txt', 'one');
  runs.fails = await beginParts('bad.txt', 'fail');
  runs.exceeds = await begin(world, 'impatient');
  runs.isCancelled = await begin(world, 'patient', { gate: gates[0]?.gate });
  runs.isLong = await begin(world, 'marathon', { laps: 2, gate: gates[1]?.gate });
}, TIMEOUT_MS);
afterAll(async () => {
  if (isMissing) return;
  await environment?.stop();
  rmSync(world.folder, { recursive: true, force: true, maxRetries: 3 });
}, TIMEOUT_MS);

/** Starts a run on one blob. */
async function beginParts(blob: string, text: string): Promise<string> {
  await drop(world.blobs, 'parts-in', blob, text);
  const { body } = await ask(world, 'POST /api/runs/parts', { blob });
  return (body as { readonly runId: string }).runId;
}

/** The compiled environment, with the real host in the place of the local one. */
function partsWithRealHost(folder: string): string {
  const parts = join(folder, 'parts', 'local');
  cpSync(join(root, 'dist', 'local'), parts, { recursive: true });
  buildSync({
    entryPoints: [join(__dirname, 'host-main.ts')],
    outfile: join(parts, 'functions', 'main.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    // Found from the script, which is not where the source of `engine.ts` is.
    define: { 'import.meta.url': JSON.stringify(`file://${root}/scripts/real-engine-host.mjs`) },
    logLevel: 'warning',
  });
  return parts;
}

const ENGINE = /engine at (\S+)$/;

/** A request to the extension's own endpoint. */
async function engineRequest(method: string, path: string): Promise<Response> {
  const rpcUrl = lines.findLast((line) => ENGINE.test(line))?.match(ENGINE)?.[1] ?? '';
  return fetch(`${rpcUrl}${path}`, {
    method,
    ...(method === 'POST' && { body: 'null', headers: { 'content-type': 'application/json' } }),
  });
}

const POLL_MS = 1000;

/** Waits for something about a run, and wakes the run, so that it polls before its interval ends. */
function until(runId: string, holds: (run: Run) => boolean): Promise<Run> {
  return untilWith(() => wake(runId), runId, holds);
}

async function wake(runId: string): Promise<void> {
  await engineRequest('POST', `instances/${runId}/raiseEvent/poll-now`).catch(() => undefined);
}

async function untilWith(
  eachTime: () => Promise<void>,
  runId: string,
  holds: (run: Run) => boolean,
): Promise<Run> {
  for (;;) {
    // The host is away for a while after its kill.
    const run = await show(world, runId).catch(() => undefined);
    if (run !== undefined && holds(run)) return run;
    await eachTime();
    await sleep(POLL_MS);
  }
}

/** True when the run has continued as new, which it does with its state. */
async function isResumed(runId: string): Promise<boolean> {
  const response = await engineRequest('GET', `instances/${runId}`);
  const { input } = (await response.json()) as { readonly input: { readonly resume?: unknown } };
  return input.resume !== undefined;
}

test.skipIf(isMissing)(
  `a long run on the real engine continues as new, and its host is killed and started again${skipped}`,
  async () => {
    await until(runs.isLong, ({ tasks }) => tasks?.running === 2);
    // Every poll adds to the history, until the run continues as new with its state.
    while (!(await isResumed(runs.isLong))) {
      await engineRequest('POST', `instances/${runs.isLong}/raiseEvent/poll-now`);
      await sleep(POLL_MS / 4);
    }

    environment.parts[2]?.kill('SIGKILL');
    await environment.restartHost();
    gates[1]?.open();
    const run = await until(runs.isLong, hasEnded);

    expect(run).toMatchObject({ status: 'succeeded', tasks: { succeeded: 4, failed: 0 } });
    expect(await textOf(world, run, 'results/finish.txt')).toBe('lap-1 lap-2\n');
    expect(await leftBy(world, run)).toEqual(onlyRecord(run));
  },
  TIMEOUT_MS,
);

test.skipIf(isMissing)(
  `a run on the real engine is cancelled on request${skipped}`,
  async () => {
    await until(runs.isCancelled, ({ tasks }) => tasks?.running === 1);
    await ask(world, `DELETE /api/runs/${runs.isCancelled}`);
    const run = await until(runs.isCancelled, hasEnded);

    expect(run).toMatchObject({ status: 'cancelled', cause: { code: 'cancelled' } });
    expect(await leftBy(world, run)).toEqual(onlyRecord(run, 'gone'));
  },
  TIMEOUT_MS,
);

test.skipIf(isMissing)(
  `a run on the real engine succeeds and leaves its outputs and its record${skipped}`,
  async () => {
    const run = await until(runs.succeeds, hasEnded);

    expect(run).toMatchObject({ status: 'succeeded', cause: null });
    expect(await textOf(world, run, 'results/all.txt')).toBe('one.txt: ONE\n');
    expect(await leftBy(world, run)).toEqual(onlyRecord(run));
  },
  TIMEOUT_MS,
);

test.skipIf(isMissing).each([
  {
    outcome: 'fails with the cause of its task',
    id: 'fails',
    status: 'failed',
    code: 'taskFailed',
  },
  {
    outcome: 'fails when its task exceeds its time',
    id: 'exceeds',
    status: 'failed',
    code: 'jobManagerFailed',
  },
] as const)(
  `a run on the real engine $outcome${skipped}`,
  async ({ id, status, code }) => {
    const run = await until(runs[id], hasEnded);

    expect(run).toMatchObject({ status, cause: { code } });
    expect(await leftBy(world, run)).toEqual(onlyRecord(run));
  },
  TIMEOUT_MS,
);

test.skipIf(isMissing)(
  `a run on the real engine that passes its deadline is ended as timed out, by its own timer${skipped}`,
  async () => {
    const run = await untilWith(async () => {}, runs.timesOut, hasEnded);

    expect(run).toMatchObject({
      status: 'timedOut',
      cause: {
        code: 'deadlineExceeded',
        message:
          '1 task had not finished when the deadline of 5 minutes passed; raise deadlineMinutes or pool.maxNodes',
      },
    });
    expect(await textOf(world, run, 'logs/job-manager/stderr.txt')).toBe('still at it\n');
    expect(await leftBy(world, run)).toEqual(onlyRecord(run));
  },
  TIMEOUT_MS,
);
