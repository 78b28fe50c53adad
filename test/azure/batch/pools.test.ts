import { expect, test } from 'vitest';
import { chooseImage } from '../../../src/run/provision/images';
import { checked, OWNER, STARTED, whole } from '../../run/given';
import { fileText, poolOf, taskDone } from '../../local/batch/stand';
import { nodeIn, ONE_NODE, owner, poolSpec, portOnStandIn, textOf } from './on-stand-in';
import { job, task } from './specs';

const KEPT = { id: 'hello-kept-1', retainedUntil: '2030-01-08T00:00:00.000Z' };

test('images come with agent, end of support and whether they run containers [PY5, GD23]', async () => {
  const { batch } = await portOnStandIn();

  const images = await batch.supportedImages();

  expect(images.find(({ sku }) => sku === '22_04-lts')).toEqual({
    publisher: 'canonical',
    offer: '0001-com-ubuntu-server-jammy',
    sku: '22_04-lts',
    nodeAgent: 'batch.node.ubuntu 22.04',
    endOfLife: '2027-06-30T00:00:00.000Z',
    runsContainers: false,
  });
  expect(images.filter(({ runsContainers }) => runsContainers).map(({ sku }) => sku)).toEqual([
    '2404',
    '2204',
    '20-04-lts',
  ]);
  expect(chooseImage(checked(whole), images, STARTED).image.nodeAgent).toBe(
    'batch.node.ubuntu 24.04',
  );
});

test('a retained pool is scaled to zero, and the next run reuses it with its own start task [GD38, PI6]', async () => {
  const { stand, batch } = await portOnStandIn();
  const startTask = (word: string) => ({
    command: `/bin/sh -c "echo ${word}"`,
    resourceFiles: [],
    environment: {},
    elevated: false,
    retries: 0,
  });
  const first = poolSpec({ ...KEPT, startTask: startTask('first') });
  const second = poolSpec({
    ...KEPT,
    startTask: startTask('second'),
    formula: `${ONE_NODE} // second`,
  });
  const rest = () => batch.scalePoolToZero(KEPT.id, owner);
  const startText = async (nodeId: string): Promise<string> => {
    const file = await stand.client.file.getFromComputeNode(KEPT.id, nodeId, 'startup/stdout.txt');
    return textOf(file.readableStreamBody);
  };

  await batch.makePool(first, owner);
  await nodeIn(stand, 'idle', KEPT.id);
  expect(await rest()).toBe('deleting');
  await stand.until(async () => (await rest()) === 'kept');
  expect((await stand.client.computeNode.list(KEPT.id)).length).toBe(0);

  stand.clock.step(30_000);
  await batch.makePool(second, { ...owner, runId: 'hello-2' });
  const node = await nodeIn(stand, 'idle', KEPT.id);
  expect(await startText(node.id ?? '')).toBe('second\n');
});

test('setting the formula of a retained pool is retried, and done once', async () => {
  const { stand, batch } = await portOnStandIn();
  await batch.makePool(poolSpec(KEPT), owner);
  await nodeIn(stand, 'idle', KEPT.id);
  await batch.scalePoolToZero(KEPT.id, owner);
  const next = () => batch.makePool(poolSpec({ ...KEPT, formula: '// two' }), owner);

  await expect(next()).rejects.toMatchObject({
    code: 'serviceUnavailable',
    message: `pool ${KEPT.id} accepts no formula at the moment: nodes of the previous run are being removed`,
  });
  await stand.until(async () => (await batch.scalePoolToZero(KEPT.id, owner)) === 'kept');
  stand.clock.step(30_000);
  await next();
  // A step that is repeated finds its formula, and does not ask again within the half minute.
  await next();
  expect((await stand.client.pool.get(KEPT.id)).autoScaleFormula).toBe('// two');
});

test('only the workload’s own retained pool is used or scaled to zero, and only with the same specification [GD26, GD40]', async () => {
  const { batch } = await portOnStandIn();
  const other = { ...owner, runId: 'other-1', workload: 'other' };
  await batch.makePool(poolSpec(KEPT), owner);
  await batch.makePool(poolSpec(), owner);

  await expect(batch.makePool(poolSpec(KEPT), other)).rejects.toMatchObject({
    code: 'nameCollision',
  });
  await expect(batch.makePool(poolSpec({ ...KEPT, slotsPerNode: 2 }), owner)).rejects.toMatchObject(
    { code: 'nameCollision' },
  );
  await expect(
    batch.makePool(poolSpec({ id: 'hello-1', retainedUntil: KEPT.retainedUntil }), owner),
  ).rejects.toMatchObject({ code: 'nameCollision' });
  expect([
    await batch.scalePoolToZero(KEPT.id, other),
    await batch.scalePoolToZero('hello-1', owner),
    await batch.scalePoolToZero('nowhere', owner),
    await batch.deletePool(KEPT.id, owner),
  ]).toEqual(['notOwned', 'notOwned', 'deleted', 'notOwned']);
});

test('retained pools are listed with their end, and deleted when no job needs them [GD39]', async () => {
  const { stand, batch } = await portOnStandIn();
  await batch.makePool(poolSpec({ ...KEPT, formula: '// none' }), owner);
  await batch.makePool(poolSpec({ formula: '// none' }), owner);
  await batch.makeJob({ ...job, poolId: KEPT.id, jobManager: null }, owner);

  expect(await batch.listOwned(OWNER)).toEqual([
    { kind: 'pool', id: 'hello-1', runId: 'hello-1', retainedUntil: null },
    { kind: 'pool', id: KEPT.id, runId: null, retainedUntil: KEPT.retainedUntil },
    { kind: 'job', id: job.id, runId: 'hello-1', retainedUntil: null },
  ]);
  expect(await batch.deleteRetainedPool(KEPT.id, OWNER)).toBe('busy');
  await stand.until(async () => (await batch.deleteJob(job.id, owner)) === 'deleted');
  expect([
    await batch.deleteRetainedPool(KEPT.id, OWNER),
    await batch.deleteRetainedPool('hello-1', OWNER),
  ]).toEqual(['deleting', 'notOwned']);
});

test('an existing pool is described with the properties that a run checks [PI6, NB1]', async () => {
  const { stand, batch } = await portOnStandIn();
  await poolOf(stand, 1, { id: 'shared', taskSlotsPerNode: 4 });
  await batch.makePool(poolSpec({ formula: '// none' }), owner);

  expect([
    await batch.describePool('shared'),
    await batch.describePool('hello-1'),
    await batch.describePool('nowhere'),
  ]).toEqual([
    {
      isBeingDeleted: false,
      runId: null,
      nodeAgent: 'batch.node.ubuntu 24.04',
      runsContainers: false,
      slotsPerNode: 4,
      autoscales: false,
      targetNodes: 1,
    },
    expect.objectContaining({ runId: 'hello-1', autoscales: true, slotsPerNode: 1 }),
    null,
  ]);
});

const preparation = {
  command: '/bin/true',
  resourceFiles: [],
  environment: {},
  elevated: false,
  retries: 0,
  maxMinutes: 5,
  container: null,
};

const plain = { ...task, command: 'echo done', resourceFiles: [], outputFiles: [], slots: 1 };

test('a preparation runs before the first task of the job on a node, and a release after its last [PI3]', async () => {
  const { stand, batch } = await portOnStandIn();
  await poolOf(stand, 1);
  await batch.makeJob(
    {
      ...job,
      poolId: 'pool',
      jobManager: null,
      preparation: {
        ...preparation,
        command: '/bin/sh -c "echo $WORD > there"',
        environment: { WORD: 'ready' },
      },
      release: { ...preparation, command: '/bin/sh -c "cat $AZ_BATCH_JOB_PREP_WORKING_DIR/there"' },
    },
    owner,
  );
  const command = '/bin/sh -c "cat $AZ_BATCH_JOB_PREP_WORKING_DIR/there"';
  await batch.addTasks(job.id, [{ ...plain, id: 'one', command }]);
  await taskDone(stand, job.id, 'one');
  expect(await fileText(stand, job.id, 'one', 'stdout.txt')).toBe('ready\n');

  await batch.endWhenTasksEnd(job.id);
  await stand.until(async () => (await batch.getJob(job.id))?.state === 'completed');
  const [status] = await stand.client.job.listPreparationAndReleaseTaskStatus(job.id);
  expect(status?.jobReleaseTaskExecutionInfo?.exitCode).toBe(0);
});

test('a failed preparation is found, with its node and its stderr [NB16]', async () => {
  const { stand, batch } = await portOnStandIn();
  await poolOf(stand, 1);
  const command = '/bin/sh -c "echo no maps here >&2; exit 3"';
  await batch.makeJob(
    { ...job, poolId: 'pool', jobManager: null, preparation: { ...preparation, command } },
    owner,
  );
  await batch.addTasks(job.id, [{ ...plain, id: 'one' }]);

  await stand.until(async () => (await batch.countUnprepared(job.id, 'pool')) === 1);
  expect(await batch.readPreparationFile(job.id, 'stderr.txt', 1000)).toBe('no maps here\n');
});

test('a task runs as a user of its own or as that of the node, with the rights it asks for [GD31]', async () => {
  const { stand, batch } = await portOnStandIn();
  await batch.makePool(poolSpec({ formula: '// none' }), owner);
  await batch.makeJob({ ...job, jobManager: null }, owner);
  await batch.addTasks(job.id, [
    { ...plain, id: 'alone' },
    { ...plain, id: 'together', user: 'pool', elevated: true },
  ]);

  const identityOf = async (id: string) =>
    (await stand.client.task.get(job.id, id)).userIdentity?.autoUser;
  expect([await identityOf('alone'), await identityOf('together')]).toEqual([
    { scope: 'task', elevationLevel: 'nonadmin' },
    { scope: 'pool', elevationLevel: 'admin' },
  ]);
});

test('nodes are counted by price: dedicated ones, and Spot ones', async () => {
  const { stand, batch } = await portOnStandIn();
  const formula = '$TargetDedicatedNodes = 1;\n$TargetLowPriorityNodes = 2;';

  await batch.makePool(poolSpec({ id: 'mixed', formula }), owner);

  const view = await stand.until(async () => {
    const seen = await batch.getPool('mixed');
    return seen?.nodes.idle === 3 && seen;
  });
  expect([view.nodes.idle, view.dedicatedNodes]).toEqual([3, 1]);
});

test('the view of a pool has the errors of unusable nodes [NB16]', async () => {
  const { stand, batch } = await portOnStandIn();
  await batch.makePool(poolSpec(), owner);
  const { id } = await nodeIn(stand, 'idle');

  await stand.control(`POST /pools/hello-1/nodes/${id ?? ''}/break`, { code: 'DiskFull' });

  const view = await batch.getPool('hello-1');
  expect(view?.nodes.unusable).toBe(1);
  expect(view?.nodeErrors).toEqual([expect.stringContaining('DiskFull')]);
});
