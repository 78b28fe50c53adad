import { afterAll, beforeAll, expect, test } from 'vitest';
import { drop } from '../../local/cli/storage-access';
import {
  ask,
  begin,
  closedGate,
  closeWorld,
  ended,
  eventually,
  leftBy,
  NEVER_SECONDS,
  onlyRecord,
  openWorld,
  pull,
  textOf,
  when,
  type World,
} from './environment';

/** How a run can end. Each leaves its record, and nothing that costs money. */

let world: World;
beforeAll(async () => {
  world = await openWorld({ name: 'endings', app: 'testing' });
});
afterAll(() => closeWorld(world));

test('one task for each blob and then the merge task produce the result [PI4, GD22, GD35, GD37, GD38, GD40, RS3]', async () => {
  await drop(world.blobs, 'parts-in', 'one.txt', 'one');
  await drop(world.blobs, 'parts-in', 'two/ü "two".txt', 'two');

  const run = await ended(world, await begin(world, 'parts'));

  expect(run).toMatchObject({
    status: 'succeeded',
    cause: null,
    tasks: { active: 0, running: 0, succeeded: 3, failed: 0 },
  });
  expect(await textOf(world, run, 'results/all.txt')).toBe('one.txt: ONE\ntwo/ü "two".txt: TWO\n');
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

test.concurrent('a task that fails its last retry fails the run, and its last line of stderr is the cause [RS30, GD37]', async () => {
  await drop(world.blobs, 'parts-in', 'bad.txt', 'fail');

  const { body } = await ask(world, 'POST /api/runs/parts', { blob: 'bad.txt' });
  const run = await ended(world, (body as { runId: string }).runId);

  expect(run.status).toBe('failed');
  expect(run.cause).toEqual({
    code: 'taskFailed',
    message: expect.stringMatching(
      /^1 task failed after all retries: task bad-txt-[0-9a-f]{16} \(input bad\.txt\) failed with exit code \d+: bad\.txt asks to fail$/,
    ),
  });
  const [task] = /bad-txt-[0-9a-f]{16}/.exec(run.cause?.message ?? '') ?? [];
  expect(await textOf(world, run, `logs/${task}/stderr.txt`)).toBe('bad.txt asks to fail\n');
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

test.concurrent('a step that fails in the middle of a script fails the job manager [PY11, PY12, PY13, RS26, RS30]', async () => {
  const run = await ended(world, await begin(world, 'half-done'));

  expect(run).toMatchObject({
    status: 'failed',
    cause: {
      code: 'jobManagerFailed',
      message:
        'the job manager failed with exit code 1: cat: there-is-no-such-file: No such file or directory',
    },
  });
  expect(await textOf(world, run, 'logs/job-manager/stdout.txt')).toBe('the first step begins\n');
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

test.concurrent('a run that hangs is ended at its deadline, with its log kept [RS28, RS30, GD37]', async () => {
  const run = await ended(world, await begin(world, 'hangs'));

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
});

test.concurrent('a task that exceeds its maxMinutes is terminated and fails the run', async () => {
  const run = await ended(world, await begin(world, 'impatient'));

  expect(run).toMatchObject({
    status: 'failed',
    cause: {
      code: 'jobManagerFailed',
      message:
        'the job manager was terminated by Batch, probably for exceeding maxMinutes: still at it',
    },
  });
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

test.concurrent('a node that cannot be set up fails the run with the stderr of its start task', async () => {
  const run = await ended(world, await begin(world, 'unprepared'));

  expect(run).toMatchObject({
    status: 'failed',
    cause: {
      code: 'startTaskFailed',
      message:
        'the start task (pool.setup) failed on 1 node and no usable node is left: exit code 7: the licence has run out',
    },
  });
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

test.concurrent('a secret that nobody has stored is named with its vault, and no pool is made', async () => {
  const run = await ended(world, await begin(world, 'secretive'));

  expect(run).toMatchObject({
    status: 'failed',
    nodeMinutes: 0,
    cause: {
      code: 'secretMissing',
      message: `secret nobody-stored-this of vault ${world.environment.vaultUrl} does not exist; store it there`,
    },
  });
  expect(run.timeline.map(({ phase }) => phase)).not.toContain('provisioning');
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

test.concurrent('a run that is due while another is active is skipped, where overlap is forbidden', async () => {
  const { gate, open } = closedGate(world);
  const first = await begin(world, 'patient', { gate });
  await when(world, first, 'a running task', ({ tasks }) => tasks?.running === 1);

  const second = await ended(world, await begin(world, 'patient'));
  open();

  expect(second).toMatchObject({
    status: 'skipped',
    cause: { code: 'overlapped', message: `run ${first} of patient was active` },
  });
  const run = await ended(world, first);
  expect(run.status).toBe('succeeded');
  expect(await leftBy(world, run)).toEqual(onlyRecord(run, 'gone'));
  expect(await leftBy(world, second)).toEqual(onlyRecord(second, 'gone'));
});

test.concurrent('where overlap replaces, the newest run starts once the one before it has ended and cleaned up', async () => {
  const first = await begin(world, 'latest', { gate: closedGate(world).gate });
  await when(world, first, 'a running task', ({ tasks }) => tasks?.running === 1);

  const newest = await ended(world, await begin(world, 'latest'));

  const replaced = await ended(world, first);
  expect([replaced.status, newest.status]).toEqual(['cancelled', 'succeeded']);
  const staged = newest.timeline.find(({ phase }) => phase === 'staging')?.at ?? '';
  expect(staged >= (replaced.record?.endedAt ?? '9')).toBe(true);
  expect(await leftBy(world, replaced)).toEqual(onlyRecord(replaced, 'gone'));
  expect(await leftBy(world, newest)).toEqual(onlyRecord(newest, 'gone'));
});

test('a run that is cancelled while its node boots cleans up and says so [GD37]', async () => {
  await pull(world, 'PUT /pace', { bootSeconds: NEVER_SECONDS });
  const runId = await begin(world, 'patient');
  await when(world, runId, 'a booting node', ({ nodes }) => nodes?.['starting'] === 1);

  const answer = await ask(world, `DELETE /api/runs/${runId}`);
  const run = await ended(world, runId);
  await pull(world, 'PUT /pace', { bootSeconds: 2 });

  expect(answer.status).toBe(202);
  expect(answer.headers.get('location')).toBe(`${world.environment.appUrl}/api/runs/${runId}`);
  expect(run).toMatchObject({
    status: 'cancelled',
    cause: { code: 'cancelled', message: 'the run was cancelled on request' },
    record: {
      cleanedUp: [
        { resource: 'job', id: runId, state: 'deleted' },
        { resource: 'pool', id: runId, state: 'deleted' },
        { resource: 'staging', id: `run-${runId}-in`, state: 'deleted' },
        { resource: 'outputs', id: `run-${runId}-out`, state: 'deleted' },
      ],
    },
  });
  expect(await leftBy(world, run)).toEqual(onlyRecord(run, 'gone'));
  expect((await ask(world, `DELETE /api/runs/${runId}`)).body).toMatchObject({
    status: 409,
    title: 'runEnded',
    detail: `run ${runId} has ended (cancelled); there is nothing to cancel`,
  });
});

test('a run that is cancelled in the middle of its tasks keeps their logs so far [RS30, GD37]', async () => {
  const runId = await begin(world, 'marathon', { laps: 4, gate: closedGate(world).gate });
  await when(world, runId, 'running laps', ({ tasks }) => tasks?.running === 4);
  await eventually(world, 'the first output of a lap', async () => {
    const file = world.batch.file.getPropertiesFromTask(runId, 'lap-1', 'stdout.txt');
    return file.then(({ contentLength }) => contentLength || undefined).catch(() => undefined);
  });

  await ask(world, `DELETE /api/runs/${runId}`);
  const run = await ended(world, runId);

  expect(run).toMatchObject({ status: 'cancelled', cause: { code: 'cancelled' } });
  expect(await textOf(world, run, 'logs/job-manager/stdout.txt')).toBe('4 laps\n');
  expect(await textOf(world, run, 'logs/lap-1/stdout.txt')).toBe('lap-1 begins\n');
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});
