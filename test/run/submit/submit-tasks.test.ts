import { expect, test } from 'vitest';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { echo, perBlob, split, whole } from '../given';
import { CANARY, now, worldOf, type World } from '../world';
import { scaleInTime } from '../../../src/run/provision/autoscale-formula';

const meshes = {
  ...perBlob,
  work: { kind: 'perBlob', task: { command: 'node mesh.mjs' }, merge: echo },
} satisfies WorkloadDeclaration;

/** A run whose pool and job are there, and whose job manager has written this manifest. */
async function submittedWorld(declaration: WorkloadDeclaration, manifest?: string): Promise<World> {
  const world = worldOf(declaration);
  const { activities, files, plan } = world;
  if (world.workload.inputs !== undefined) {
    files.put('inbox', 'b.ply', '2');
    files.put('inbox', "a'; touch x; '.ply", '1');
  }
  await activities.stage({ plan });
  await activities.provision({ plan, startNodes: 1, now });
  await activities.submitJob({ plan, now });
  if (manifest !== undefined) files.put(plan.outputContainer, 'manifest/tasks.jsonl', manifest);
  return world;
}

function jobOf({ batch, plan }: World) {
  const job = batch.jobs.get(plan.jobId);
  if (job === undefined) throw new Error('the job is not there');
  return job;
}

const three = '{"id":"p1"}\n{"id":"p2","environment":{"X":"1"}}\n{"id":"p3"}\n';

test('a job is bound to the pool of its run and neither needs a node to be made [PI2, PI7]', async () => {
  const world = await submittedWorld(whole);
  const { pools } = world.batch;
  const { spec, owner, endsWithTasks } = jobOf(world);

  expect([...pools.keys()]).toEqual([world.plan.poolId]);
  expect(spec).toEqual({
    id: world.plan.jobId,
    displayName: `Nightshift ${world.plan.runId}`,
    poolId: world.plan.poolId,
    environment: {
      LC_ALL: 'C.UTF-8',
      RUN_ID: world.plan.runId,
      RUN_STARTED_AT: '2026-11-21T02:00:00.000Z',
      RUN_DUE_AT: '2026-11-21T02:00:00.000Z',
    },
    maxMinutes: 180,
    priority: 0,
    maxParallelTasks: null,
    jobManager: expect.objectContaining({
      id: 'job-manager',
      command: 'echo hello',
      endsJob: true,
      retries: 3,
    }),
    preparation: null,
    release: null,
  });
  expect(owner).toEqual({ owner: world.plan.owner, runId: world.plan.runId, workload: 'hello' });
  expect(endsWithTasks).toBe(false);
});

test('every task runs under a UTF-8 locale and sees what its caller has set, from Batch and not from its command [PY16, PY17, GD2]', async () => {
  const world = worldOf(whole, { parameters: { title: "'; rm -rf /; '", pageSize: '4' } });
  await world.activities.submitJob({ plan: world.plan, now });

  const { environment, jobManager } = jobOf(world).spec;
  expect(environment).toMatchObject({
    LC_ALL: 'C.UTF-8',
    PARAM_TITLE: "'; rm -rf /; '",
    PARAM_PAGESIZE: '4',
  });
  expect(jobManager?.command).toBe('echo hello');
});

test('the job manager has the command and limits of its declaration, and an id that its manifest may give to no task [RS27]', async () => {
  const jobManager = { command: 'node only-task.mjs --pages 4', maxMinutes: 30, retries: 1 };
  const world = await submittedWorld({ ...split, work: { ...split.work, jobManager } }, three);

  expect(jobOf(world).spec.jobManager).toMatchObject({
    id: 'job-manager',
    ...jobManager,
    endsJob: false,
  });
  const other = await submittedWorld(split, '{"id":"job-manager"}\n');
  await expect(
    other.activities.submitTasks({ plan: other.plan, from: 0, now }),
  ).rejects.toMatchObject({ code: 'manifestRefused' });
});

test('the set-up is the start task of the pool: its scripts are files of it, its variables are given by Batch [NB7, NB13, PI3, PY17, RS6]', async () => {
  const environment = { LICENCE_SERVER: 'licence.example.com' };
  const setup = { command: '/bin/bash common.txt', programs: ['common.txt'], environment };
  const { batch, plan } = await submittedWorld({ ...whole, pool: { setup } });

  expect(batch.pools.get(plan.poolId)?.spec.startTask).toEqual({
    command: '/bin/bash common.txt',
    environment: { LC_ALL: 'C.UTF-8', ...environment },
    resourceFiles: [
      {
        url: `memory://${plan.stagingContainer}/programs/common.txt?read-for=210`,
        path: 'common.txt',
        mode: '0755',
      },
    ],
    elevated: true,
    retries: 2,
  });
});

test('the URL of a start task script is valid longer than nodes of the run can start [NB8, GD36]', async () => {
  const setup = { command: '/bin/bash common.txt', programs: ['common.txt'] };
  const { batch, plan } = await submittedWorld({ ...whole, pool: { setup } });
  const [file] = batch.pools.get(plan.poolId)?.spec.startTask?.resourceFiles ?? [];

  const minutes = Number(/read-for=(\d+)/.exec(JSON.stringify(file))?.[1]);
  expect(Date.parse(now) + minutes * 60_000).toBeGreaterThan(Date.parse(scaleInTime(plan)));
});

test('each line of the manifest becomes a task, and the merge waits for all of them [GD1, GD3, GD5]', async () => {
  const world = await submittedWorld(split, three);

  expect(await world.activities.submitTasks({ plan: world.plan, from: 0, now })).toEqual({
    kind: 'all',
    tasks: 4,
    merge: 'waits',
  });

  const { tasks, endsWithTasks } = jobOf(world);
  expect(
    [...tasks.values()].map(({ id, environment, dependsOn }) => [id, environment, dependsOn]),
  ).toEqual([
    ['p1', {}, []],
    ['p2', { X: '1' }, []],
    ['p3', {}, []],
    ['merge', {}, ['p1', 'p2', 'p3']],
  ]);
  expect(endsWithTasks).toBe(true);
});

test('each input blob becomes a task with a stable id, its file and its name [GD29]', async () => {
  const world = await submittedWorld(meshes);

  expect(await world.activities.submitTasks({ plan: world.plan, from: 0, now })).toEqual({
    kind: 'all',
    tasks: 3,
    merge: 'waits',
  });
  expect([...jobOf(world).tasks.values()][0]).toMatchObject({
    id: 'a-touch-x-ply-6d287591dbf184a2',
    command: 'node mesh.mjs',
    environment: { INPUT_FILE: 'inputs/0001.ply', INPUT_NAME: "a'; touch x; '.ply" },
    resourceFiles: [
      {
        url: `memory://${world.plan.stagingContainer}/inputs/0001.ply?read-for=210`,
        path: 'inputs/0001.ply',
        mode: null,
      },
    ],
  });
});

test('credentials of nodes last until half an hour after the deadline, whenever they are made [GD36]', async () => {
  const world = await submittedWorld(split, three);
  const late = '2026-11-21T04:30:00.000Z';
  await world.activities.submitTasks({ plan: world.plan, from: 0, now: late });

  const { spec, tasks } = jobOf(world);
  const minutes = (text: unknown) => [
    ...new Set(
      [...JSON.stringify(text).matchAll(/(?:read|write)-for=(\d+)/g)].map(([, found]) => found),
    ),
  ];

  expect([minutes(spec), minutes([...tasks.values()])]).toEqual([['210'], ['60']]);
});

test('the job may end with its tasks only after all of them are proved to exist [RS28]', async () => {
  const world = await submittedWorld(split, three);
  const add = world.batch.addTasks.bind(world.batch);
  world.batch.addTasks = async (jobId, tasks) => {
    for await (const task of tasks) if (/^p[12]$/.test(task.id)) await add(jobId, [task]);
  };

  await expect(
    world.activities.submitTasks({ plan: world.plan, from: 0, now }),
  ).rejects.toMatchObject({
    code: 'serviceUnavailable',
    message: `job ${world.plan.jobId} lacks 2 of 4 tasks (p3, merge) and has 0 unplanned tasks ()`,
  });
  expect(jobOf(world)).toMatchObject({ endsWithTasks: false, isOver: false });

  world.batch.addTasks = add;
  expect(await world.activities.submitTasks({ plan: world.plan, from: 0, now })).toEqual({
    kind: 'all',
    tasks: 4,
    merge: 'waits',
  });
  expect([...jobOf(world).tasks.keys()]).toEqual(['p1', 'p2', 'p3', 'merge']);
});

test('a missing merge is added again without other tasks', async () => {
  const world = await submittedWorld(split, three);
  const add = world.batch.addTasks.bind(world.batch);
  const added: string[][] = [];
  world.batch.addTasks = async (jobId, tasks) => {
    const ids: string[] = [];
    for await (const task of tasks) {
      ids.push(task.id);
      if (task.id !== 'merge' || added.length > 0) await add(jobId, [task]);
    }
    added.push(ids);
  };

  expect(await world.activities.submitTasks({ plan: world.plan, from: 0, now })).toEqual({
    kind: 'all',
    tasks: 4,
    merge: 'waits',
  });
  expect(added).toEqual([['p1', 'p2', 'p3', 'merge'], ['merge']]);
  expect([...jobOf(world).tasks.keys()]).toEqual(['p1', 'p2', 'p3', 'merge']);
});

test('a job with an unplanned task is not treated as complete', async () => {
  const world = await submittedWorld(split, three);
  await world.batch.addTasks(world.plan.jobId, [
    { ...(await firstTask(world)), id: 'somebody-elses' },
  ]);

  await expect(
    world.activities.submitTasks({ plan: world.plan, from: 0, now }),
  ).rejects.toMatchObject({
    message: `job ${world.plan.jobId} lacks 0 of 4 tasks () and has 1 unplanned tasks (somebody-elses)`,
  });
  expect(jobOf(world).endsWithTasks).toBe(false);
});

async function firstTask(world: World) {
  const other = await submittedWorld(split, three);
  await other.activities.submitTasks({ plan: world.plan, from: 0, now });
  const [task] = jobOf(other).tasks.values();
  if (task === undefined) throw new Error('no task was added');
  return task;
}

test('an empty manifest adds nothing and does not set the job to end with its tasks', async () => {
  const world = await submittedWorld(split, '\n');

  expect(await world.activities.submitTasks({ plan: world.plan, from: 0, now })).toEqual({
    kind: 'all',
    tasks: 0,
    merge: 'none',
  });
  expect(jobOf(world)).toMatchObject({ endsWithTasks: false, isOver: false });
});

test('a missing manifest fails the run with its cause', async () => {
  const world = await submittedWorld(split);

  await expect(
    world.activities.submitTasks({ plan: world.plan, from: 0, now }),
  ).rejects.toMatchObject({
    code: 'manifestRefused',
    message: 'the job manager succeeded but wrote no outputs/tasks.jsonl',
  });
});

test('submitting again after the job has ended finds all tasks and adds none', async () => {
  const world = await submittedWorld(split, three);
  await world.activities.submitTasks({ plan: world.plan, from: 0, now });
  jobOf(world).isOver = true;

  expect(await world.activities.submitTasks({ plan: world.plan, from: 0, now })).toEqual({
    kind: 'all',
    tasks: 4,
    merge: 'waits',
  });
});

test('a job that ended before its tasks were added fails the submission at once', async () => {
  const world = await submittedWorld(split, three);
  jobOf(world).isOver = true;

  await expect(
    world.activities.submitTasks({ plan: world.plan, from: 0, now }),
  ).rejects.toMatchObject({
    code: 'jobEndedEarly',
  });
});

test('a secret reaches a task as a file, and Batch never gets its value [GD19]', async () => {
  const world = await submittedWorld({
    ...whole,
    work: { kind: 'whole', jobManager: { ...echo, secrets: ['signing-key'] } },
  });

  const { spec } = jobOf(world);
  expect(spec.jobManager?.resourceFiles[0]).toEqual({
    url: `memory://${world.plan.stagingContainer}/secrets/signing-key?read-for=210`,
    path: 'secrets/signing-key',
    mode: '0400',
  });
  expect(JSON.stringify(spec)).not.toContain(CANARY);
});

test('a task set is proved by one list of ids, in whatever case Batch shows them', async () => {
  const world = await submittedWorld(split, three);
  const { activities, batch, plan } = world;
  const taskIds = batch.taskIds.bind(batch);
  let lists = 0;
  batch.taskIds = async function* shown(jobId) {
    lists += 1;
    for await (const id of taskIds(jobId)) yield id.toUpperCase();
  };

  expect(await activities.submitTasks({ plan, from: 0, now })).toMatchObject({
    kind: 'all',
    tasks: 4,
  });
  expect(lists).toBe(1);
});
