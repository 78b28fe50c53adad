import { afterEach, expect, test } from 'vitest';
import { OWNER } from '../../run/given';
import { job, marked, owner, pool, task } from './specs';
import {
  refusal,
  scripted,
  type Answer,
  type Script,
  type ScriptedBatch,
  type ScriptedOptions,
} from './scripted-batch';

let open: ScriptedBatch | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function opened(
  script: Script | readonly Answer[],
  options?: ScriptedOptions,
): Promise<ScriptedBatch> {
  open = await scripted(script, options);
  return open;
}

function linesOf({ asked }: ScriptedBatch): readonly string[] {
  return asked.map(({ method, path }) => `${method} ${path}`);
}

/** The mark that the pool of these tests carries: what its own creation wrote. */
async function specMark(): Promise<string> {
  const line = await scripted([{ status: 201 }]);
  await line.batch.makePool(pool, owner);
  await line.close();
  const body = line.asked[0]?.body as { metadata?: { name: string; value: string }[] } | undefined;
  return body?.metadata?.find(({ name }) => name === 'nightshift-spec')?.value ?? '';
}

test('a pool is of Spot nodes under its formula, with its start task, closed to the outside [RS4, RS22, GD27, NB7, PI1]', async () => {
  const line = await opened([{ status: 201 }]);

  await line.batch.makePool(pool, owner);

  expect(line.asked[0]?.body).toEqual({
    id: 'hello-1',
    displayName: 'Nightshift hello-1',
    vmSize: 'Standard_D4s_v5',
    virtualMachineConfiguration: {
      imageReference: {
        publisher: 'canonical',
        offer: 'ubuntu-24_04-lts',
        sku: 'server',
        version: 'latest',
      },
      nodeAgentSKUId: 'batch.node.ubuntu 24.04',
    },
    enableAutoScale: true,
    autoScaleFormula: '$TargetLowPriorityNodes = 1;',
    autoScaleEvaluationInterval: 'PT5M',
    targetNodeCommunicationMode: 'simplified',
    enableInterNodeCommunication: false,
    taskSlotsPerNode: 4,
    taskSchedulingPolicy: { nodeFillType: 'pack' },
    startTask: {
      commandLine: '/bin/bash install.sh',
      resourceFiles: [
        { httpUrl: 'https://in/install.sh?r', filePath: 'install.sh', fileMode: '0755' },
      ],
      environmentSettings: [{ name: 'LC_ALL', value: 'C.UTF-8' }],
      userIdentity: { autoUser: { scope: 'pool', elevationLevel: 'admin' } },
      maxTaskRetryCount: 2,
      waitForSuccess: true,
    },
    metadata: [
      { name: 'nightshift-run', value: 'hello-1' },
      { name: 'nightshift-owner', value: OWNER },
      { name: 'nightshift-workload', value: 'hello' },
      { name: 'nightshift-spec', value: expect.stringMatching(/^[0-9a-f]{16}$/) },
    ],
  });
});

test('nodes join the subnet that is given, and need no public address there [PI16]', async () => {
  const line = await opened([{ status: 201 }]);

  await line.batch.makePool({ ...pool, subnetId: '/subscriptions/s/subnets/nodes' }, owner);

  expect(line.asked[0]?.body).toMatchObject({
    networkConfiguration: {
      subnetId: '/subscriptions/s/subnets/nodes',
      publicIPAddressConfiguration: { provision: 'nopublicipaddresses' },
    },
  });
});

test('a job is bound to its pool, limited in time, and does not end before it has tasks [GD28, PI2, PI13, RS26, RS28]', async () => {
  const line = await opened([{ status: 201 }]);

  await line.batch.makeJob(job, owner);

  expect(line.asked[0]?.body).toEqual({
    id: 'hello-1',
    displayName: 'Nightshift hello-1',
    poolInfo: { poolId: 'hello-1' },
    commonEnvironmentSettings: [{ name: 'LC_ALL', value: 'C.UTF-8' }],
    constraints: { maxWallClockTime: 'PT180M' },
    priority: 0,
    usesTaskDependencies: true,
    onAllTasksComplete: 'noaction',
    onTaskFailure: 'noaction',
    jobManagerTask: {
      id: 'job-manager',
      commandLine: 'node tile.mjs',
      environmentSettings: [{ name: 'X', value: '1' }],
      resourceFiles: [
        { httpUrl: 'https://in/tile.mjs?r', filePath: 'tile.mjs', fileMode: '0755' },
        { storageContainerUrl: 'https://out?rl', blobPrefix: 'scene/' },
      ],
      outputFiles: [
        {
          filePattern: 'outputs/*',
          destination: { container: { containerUrl: 'https://out?cw', path: 'tiles' } },
          uploadOptions: { uploadCondition: 'tasksuccess' },
        },
        {
          filePattern: '../std*.txt',
          destination: { container: { containerUrl: 'https://out?cw', path: 'logs/t1' } },
          uploadOptions: { uploadCondition: 'taskcompletion' },
        },
      ],
      requiredSlots: 2,
      constraints: { maxWallClockTime: 'PT15M', maxTaskRetryCount: 3, retentionTime: 'PT1H' },
      userIdentity: { autoUser: { scope: 'task', elevationLevel: 'nonadmin' } },
      killJobOnCompletion: true,
      runExclusive: false,
      allowLowPriorityNode: true,
    },
    metadata: [
      { name: 'nightshift-owner', value: OWNER },
      { name: 'nightshift-run', value: 'hello-1' },
      { name: 'nightshift-workload', value: 'hello' },
    ],
  });
});

test("a container task without a command is sent with an empty one, and the image's own runs [NB3]", async () => {
  const line = await opened([
    { status: 200, body: { value: [{ status: 'Success', taskId: 't1' }] } },
  ]);
  const container = {
    image: 'busybox:1.36',
    runOptions: '--workdir /app',
    workingDirectory: 'task',
  } as const;

  await line.batch.addTasks('hello-1', [{ ...task, command: '', container }]);

  expect(line.asked[0]?.body).toEqual({
    value: [
      expect.objectContaining({
        commandLine: '',
        containerSettings: {
          imageName: 'busybox:1.36',
          containerRunOptions: '--workdir /app',
          workingDirectory: 'taskWorkingDirectory',
        },
      }),
    ],
  });
});

test('a pool whose create response was lost is adopted [GD26]', async () => {
  const mark = await specMark();
  const line = await opened([
    { status: 201, cut: 'before' },
    refusal(409, 'PoolExists'),
    { status: 200, body: { id: 'hello-1', state: 'active', ...marked('hello-1', mark) } },
  ]);

  await line.batch.makePool(pool, owner);

  expect(linesOf(line)).toEqual(['POST /pools', 'POST /pools', 'GET /pools/hello-1']);
});

test('a job whose create response was lost is adopted [GD26]', async () => {
  const line = await opened([
    refusal(500, 'OperationTimedOut'),
    refusal(409, 'JobExists'),
    { status: 200, body: { id: 'hello-1', state: 'completed', ...marked('hello-1') } },
  ]);

  await line.batch.makeJob(job, owner);

  expect(linesOf(line)).toEqual(['POST /jobs', 'POST /jobs', 'GET /jobs/hello-1']);
});

test.each([
  [
    'of another run',
    marked('other-1', 'x'),
    'nameCollision',
    'a pool named hello-1 exists that this run did not create; it is not changed',
  ],
  [
    'of another app, of a run with the same id',
    marked('hello-1', undefined, 'another-app'),
    'nameCollision',
    'a pool named hello-1 exists that this run did not create; it is not changed',
  ],
  [
    'of nobody',
    {},
    'nameCollision',
    'a pool named hello-1 exists that this run did not create; it is not changed',
  ],
  [
    'of this run to another specification',
    marked('hello-1', 'x'),
    'nameCollision',
    'pool hello-1 of this run was created with another specification; it is not used',
  ],
  [
    'that is being deleted',
    { state: 'deleting', ...marked('hello-1') },
    'serviceUnavailable',
    'pool hello-1 is being deleted; it can be created again after that',
  ],
])(
  'a pool %s is not adopted, and nothing is done to it [GD26, GD40]',
  async (_what, there, code, message) => {
    const line = await opened([refusal(409, 'PoolExists'), { status: 200, body: there }]);

    await expect(line.batch.makePool(pool, owner)).rejects.toMatchObject({ code, message });
    expect(linesOf(line)).toEqual(['POST /pools', 'GET /pools/hello-1']);
  },
);

test.each([
  ['of another run', { status: 200, body: marked('other-1') }, 'nameCollision'],
  [
    'that is being deleted',
    { status: 200, body: { state: 'Deleting', ...marked('hello-1') } },
    'serviceUnavailable',
  ],
  ['that has gone meanwhile', refusal(404, 'JobNotFound'), 'serviceUnavailable'],
] satisfies readonly (readonly [string, Answer, string])[])(
  'a job %s is not adopted [GD26, GD40]',
  async (_what, there, code) => {
    const line = await opened([refusal(409, 'JobExists'), there]);

    await expect(line.batch.makeJob(job, owner)).rejects.toMatchObject({ code });
  },
);

test.each(['deletePool', 'deleteJob'] as const)(
  '%s deletes its own resources, waits until they are deleted, and leaves others unchanged [GD37, GD40]',
  async (remove) => {
    const own = { status: 200, body: { state: 'active', ...marked('hello-1') } };
    const going = { status: 200, body: { state: 'Deleting', ...marked('hello-1') } };
    const foreign = { status: 200, body: { state: 'active', ...marked('other-1') } };
    const being = refusal(409, remove === 'deletePool' ? 'PoolBeingDeleted' : 'JobBeingDeleted');
    const line = await opened([
      own,
      { status: 202 },
      own,
      being,
      own,
      refusal(404, 'NotFound'),
      going,
      foreign,
      { status: 200, body: {} },
      refusal(404, 'NotFound'),
    ]);

    const answers = [];
    for (let index = 0; index < 7; index++)
      answers.push(await line.batch[remove]('hello-1', owner));

    expect(answers).toEqual([
      'deleting',
      'deleting',
      'deleting',
      'deleting',
      'notOwned',
      'notOwned',
      'deleted',
    ]);
    expect(line.asked.filter(({ method }) => method === 'DELETE')).toHaveLength(3);
  },
);

test('only what carries a run of this app in its metadata is found as left behind, page after page [GD40]', async () => {
  const line = await opened(({ path }) => {
    if (path.startsWith('/pools') && !path.includes('skip')) {
      const next = `${open?.url ?? ''}/pools?skip=1&api-version=2022-10-01.16.0`;
      return {
        status: 200,
        body: {
          value: [
            { id: 'run-hello-1' },
            { id: 'another-app', ...marked('hello-1', undefined, 'another-app') },
            { id: 'p1', ...marked('hello-1') },
          ],
          'odata.nextLink': next,
        },
      };
    }
    const entity = path.startsWith('/pools') ? 'p2' : 'j1';
    return { status: 200, body: { value: [{ id: entity, ...marked('hello-2') }] } };
  });

  expect(await line.batch.listOwned(OWNER)).toEqual([
    { kind: 'pool', id: 'p1', runId: 'hello-1', retainedUntil: null },
    { kind: 'pool', id: 'p2', runId: 'hello-2', retainedUntil: null },
    { kind: 'job', id: 'j1', runId: 'hello-2', retainedUntil: null },
  ]);
});

test('a job that was left behind is found on the second page too [GD40]', async () => {
  const line = await opened(({ path }) => {
    const jobs = [{ id: path.includes('skip') ? 'j2' : 'j1', ...marked('hello-1') }];
    const next = `${open?.url ?? ''}/jobs?skip=1&api-version=2022-10-01.16.0`;
    if (path.startsWith('/pools')) return { status: 200, body: { value: [] } };
    if (path.includes('skip')) return { status: 200, body: { value: jobs } };
    return { status: 200, body: { value: jobs, 'odata.nextLink': next } };
  });

  expect(await line.batch.listOwned(OWNER)).toEqual([
    { kind: 'job', id: 'j1', runId: 'hello-1', retainedUntil: null },
    { kind: 'job', id: 'j2', runId: 'hello-1', retainedUntil: null },
  ]);
});

test('a formula is stored with the interval that has it evaluated at once [RS15]', async () => {
  const line = await opened([{ status: 200 }]);

  expect(await line.batch.setFormula('hello-1', 'x = 1;')).toBe('set');
  expect(line.asked[0]).toMatchObject({
    path: '/pools/hello-1/enableautoscale',
    body: { autoScaleFormula: 'x = 1;', autoScaleEvaluationInterval: 'PT5M' },
  });
});

test.each([
  ['a pool that is resizing', refusal(409, 'PoolBeingResized')],
  ['a second formula within half a minute', refusal(503, 'TooManyEnableAutoScaleRequests')],
])('%s is busy, and is not pressed', async (_what, answer) => {
  const line = await opened([answer]);

  expect(await line.batch.setFormula('hello-1', 'x = 1;')).toBe('busy');
  expect([line.asked.length, line.pauses]).toEqual([1, []]);
});

test('setting a job to end with its tasks is idempotent, also when it has ended meanwhile [RS28]', async () => {
  const line = await opened([
    { status: 200 },
    refusal(409, 'JobCompleted'),
    refusal(409, 'JobBeingTerminated'),
    refusal(404, 'JobNotFound'),
    refusal(403, 'AuthenticationFailed'),
  ]);

  for (let times = 0; times < 4; times++) await line.batch.endWhenTasksEnd('hello-1');

  expect(line.asked[0]).toMatchObject({
    method: 'PATCH',
    body: { onAllTasksComplete: 'terminatejob' },
  });
  await expect(line.batch.endWhenTasksEnd('hello-1')).rejects.toMatchObject({
    code: 'accessDenied',
  });
});

test('how a job is scheduled is said where its workload says it, and only there [PI14]', async () => {
  const line = await opened([{ status: 201 }, { status: 201 }]);

  await line.batch.makeJob({ ...job, priority: -5, maxParallelTasks: 8 }, owner);
  await line.batch.makePool({ ...pool, fill: 'spread' }, owner);

  expect(line.asked.map(({ body }) => body)).toMatchObject([
    { priority: -5, maxParallelTasks: 8 },
    { taskSchedulingPolicy: { nodeFillType: 'spread' }, taskSlotsPerNode: 4 },
  ]);
});

test('a task may name the node or task it should run near [PY9]', async () => {
  const line = await opened([{ status: 200, body: { value: [] } }]);

  await line.batch.addTasks('hello-1', [{ ...task, affinityId: 'TVM:tvmps_1' }]);

  expect(line.asked[0]?.body).toMatchObject({
    value: [{ id: 't1', affinityInfo: { affinityId: 'TVM:tvmps_1' } }],
  });
});
