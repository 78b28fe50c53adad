import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Files } from '../../../src/run/ports';
import { IMAGE, containerEngine, searchPath, whySkipped } from '../../container-image';
import { fileText, taskDone } from '../../local/batch/stand';
import { startOAuthAccount, type TestAccount } from '../accounts';
import { nodeIn, owner, poolSpec, portOnStandIn } from './on-stand-in';
import { packed, upload } from './packages';
import { job, task } from './specs';

/** What brings data to nodes: packages, mounts, shared containers, images. */

let account: TestAccount;
let files: Files;

beforeAll(async () => {
  account = await startOAuthAccount();
  files = account.files;
});

afterAll(() => account.stop());

const plain = { ...task, command: 'echo done', resourceFiles: [], outputFiles: [], slots: 1 };
const SHARED = join(__dirname, '..', '..', '..', 'src', 'workloads', 'shared');

test('a packed folder is unpacked on the nodes of the pool, and a task runs what is in it [RS17, RS18, RS20, RS21]', async () => {
  const { stand, batch } = await portOnStandIn();
  await upload(stand, 'fit-tool/versions/2.0', await packed('2.0'));
  await upload(stand, 'fit-tool/versions/3.0', await packed('3.0'));
  expect([await batch.packageVersions('fit-tool'), await batch.packageVersions('none')]).toEqual([
    ['2.0', '3.0'],
    null,
  ]);

  const packages = [{ application: 'fit-tool', version: '2.0' }];
  await batch.makePool(poolSpec({ packages }), owner);
  await nodeIn(stand, 'idle');
  await batch.makeJob({ ...job, jobManager: null }, owner);
  await batch.addTasks(job.id, [
    {
      ...plain,
      id: 'both',
      packages: [{ application: 'fit-tool', version: '3.0' }],
      command:
        '/bin/sh -c "$AZ_BATCH_APP_PACKAGE_fit_tool_2_0/bin/fit && $AZ_BATCH_APP_PACKAGE_fit_tool_3_0/bin/fit"',
    },
  ]);

  await taskDone(stand, job.id, 'both');
  expect(await fileText(stand, job.id, 'both', 'stdout.txt')).toBe('fit 2.0\nfit 3.0\n');
});

test('a retained pool has the packages of its present run: a new version replaces the one before', async () => {
  const { stand, batch } = await portOnStandIn();
  await upload(stand, 'fit-tool/versions/2.0', await packed('2.0'));
  await upload(stand, 'fit-tool/versions/3.0', await packed('3.0'));
  const kept = { id: 'hello-kept-1', retainedUntil: '2030-01-08T00:00:00.000Z' };
  const pool = (version: string, formula: string) =>
    poolSpec({ ...kept, packages: [{ application: 'fit-tool', version }], formula });
  await batch.makePool(pool('2.0', '$TargetLowPriorityNodes = 0;'), owner);
  stand.clock.step(60_000);

  await batch.makePool(pool('3.0', '$TargetLowPriorityNodes = 0; // next'), owner);

  const { applicationPackageReferences = [] } = await stand.client.pool.get(kept.id);
  expect(applicationPackageReferences.map(({ version }) => version)).toEqual(['3.0']);
});

test('a package without a default version is refused with the pool, before it has a node [RS19]', async () => {
  const { stand, batch } = await portOnStandIn();
  await upload(stand, 'fit-tool/versions/2.0', await packed('2.0'));

  const pool = poolSpec({ packages: [{ application: 'fit-tool' }] });
  await expect(batch.makePool(pool, owner)).rejects.toMatchObject({ code: 'badSpecification' });
  await stand.control('PATCH /applications/fit-tool', { defaultVersion: '2.0' });
  await batch.makePool(pool, owner);
});

/** A pool whose node mounts these containers, and a job that looks at the mounts first. */
async function mounting(of: readonly { container: string; at: string; mode: 'read' | 'write' }[]) {
  const port = await portOnStandIn({ blobEndpoint: () => account.blobUrl });
  const mounts = await Promise.all(
    of.map(async ({ container, at, mode }) => ({
      ...(await files.mountAccess(container, mode, 60)),
      container,
      at,
      options: mode === 'read' ? '-o allow_other -o ro' : '-o allow_other -o umask=000',
    })),
  );
  await port.batch.makePool(poolSpec({ mounts }), owner);
  await files.makeContainer('programs', {});
  await files.upload('programs', 'check-mounts.sh', join(SHARED, 'check-mounts.sh'));
  const url = await files.readUrl('programs', 'check-mounts.sh', 60);
  await port.batch.makeJob(
    {
      ...job,
      jobManager: null,
      preparation: {
        command: `/bin/sh check-mounts.sh ${of.map(({ at }) => at).join(' ')} -- /bin/sh -c "echo checked"`,
        resourceFiles: [{ url, path: 'check-mounts.sh', mode: '0755' }],
        environment: {},
        elevated: false,
        retries: 0,
        maxMinutes: 5,
        container: null,
      },
    },
    owner,
  );
  return port;
}

test('a task reads a mounted container and writes to the mounted outputs [GD24, GD25, NB9]', async () => {
  await files.makeContainer('maps', {});
  await files.writeText('maps', '2026/world.txt', 'here be dragons\n');
  await files.makeContainer('run-x-out', {});
  await files.writeText('run-x-out', '.nightshift', 'x');
  const { stand, batch } = await mounting([
    { container: 'maps', at: 'maps', mode: 'read' },
    { container: 'run-x-out', at: 'out', mode: 'write' },
  ]);

  const command = `/bin/sh -c 'cp "$AZ_BATCH_NODE_MOUNTS_DIR/maps/2026/world.txt" "$AZ_BATCH_NODE_MOUNTS_DIR/out/copy.txt"'`;
  await batch.addTasks(job.id, [{ ...plain, id: 'copy', command }]);
  const done = await taskDone(stand, job.id, 'copy');

  expect(done.executionInfo?.exitCode).toBe(0);
  expect(await files.readText('run-x-out', 'copy.txt', 100)).toBe('here be dragons\n');
});

test('a program that takes flags gets parameters through a shell, each value as one argument [GD7]', async () => {
  const { stand, batch } = await portOnStandIn();
  await batch.makePool(poolSpec({}), owner);
  await batch.makeJob({ ...job, jobManager: null }, owner);
  const title = `a "quoted" 'title'; touch x $(reboot)`;
  const environment = { PARAM_TITLE: title, PARAM_WIDTH: '640' };
  const command = `/bin/sh -c 'printf "%s\\n" --title "$PARAM_TITLE" --width "$PARAM_WIDTH"'`;
  await batch.addTasks(job.id, [{ ...plain, id: 'flags', command, environment }]);

  await taskDone(stand, job.id, 'flags');

  expect(await fileText(stand, job.id, 'flags', 'stdout.txt')).toBe(
    `--title\n${title}\n--width\n640\n`,
  );
});

test('a mount that is not there keeps every task from the node: none writes to the bare folder', async () => {
  await files.makeContainer('bare', {});
  const { stand, batch } = await mounting([{ container: 'bare', at: 'bare', mode: 'write' }]);
  await batch.addTasks(job.id, [{ ...plain, id: 'never' }]);

  await stand.until(async () => (await batch.countUnprepared(job.id, 'hello-1')) === 1);

  expect(await batch.readPreparationFile(job.id, 'stderr.txt', 1000)).toMatch(
    /^The mount bare is missing: .*\/fsmounts\/bare is empty or does not exist\. Its log is beside it\.\n$/,
  );
  expect((await stand.client.task.get(job.id, 'never')).state).toBe('active');
});

test('shared data is brought to a node once, under its own names, and every task reads it [GD9, NB10]', async () => {
  await files.makeContainer('models', {});
  await files.writeText('models', 'v2/weights.txt', '42\n');
  await files.writeText('models', 'v1/weights.txt', 'old\n');
  const { stand, batch } = await portOnStandIn();
  await batch.makePool(poolSpec(), owner);
  const containerUrl = await files.readUrl('models', null, 60);
  const preparation = {
    command: '/bin/true',
    resourceFiles: [{ containerUrl, prefix: 'v2/', path: 'models' }],
    environment: {},
    elevated: false,
    retries: 0,
    maxMinutes: 5,
    container: null,
  };
  await batch.makeJob({ ...job, jobManager: null, preparation }, owner);
  const command =
    '/bin/sh -c "cd $AZ_BATCH_JOB_PREP_WORKING_DIR && find models -type f && cat models/v2/weights.txt"';
  await batch.addTasks(job.id, [
    { ...plain, id: 'one', command },
    { ...plain, id: 'two', command },
  ]);

  for (const id of ['one', 'two']) {
    await taskDone(stand, job.id, id);
    expect(await fileText(stand, job.id, id, 'stdout.txt')).toBe('models/v2/weights.txt\n42\n');
  }
});

const engine = containerEngine();
const skipped = whySkipped(engine);

/** The containers that go on, by their names. */
const goingOn = (): readonly string[] =>
  typeof engine === 'string'
    ? []
    : engine
        .ask('ps', '--format', '{{.Names}}')
        .split('\n')
        .filter((name) => name !== '');

test.skipIf(skipped !== '')(
  `a container runs its image's own command, its variables and its directory [NB2, NB3, GD7, GD32]${skipped}`,
  async () => {
    const { stand, batch } = await portOnStandIn({ path: searchPath });
    const container = { image: IMAGE, runOptions: '--env Y=2', workingDirectory: 'task' } as const;
    const containers = { images: [container.image], registries: [] };
    await batch.makePool(poolSpec({ containers }), owner);
    await batch.makeJob({ ...job, jobManager: null }, owner);
    const command = '/bin/sh -c "echo $X $Y $FROM_IMAGE; pwd"';
    await batch.addTasks(job.id, [
      { ...plain, id: 'said', command, container },
      { ...plain, id: 'own', command: '', container },
      { ...plain, id: 'root', command, container: { ...container, workingDirectory: 'image' } },
      { ...plain, id: 'fails', command: '/bin/sh -c "exit 3"', container },
    ]);

    const endings = [];
    for (const id of ['said', 'own', 'root', 'fails'])
      endings.push((await taskDone(stand, job.id, id)).executionInfo?.exitCode);
    expect(endings).toEqual([0, 0, 0, 3]);
    const said = (id: string) => fileText(stand, job.id, id, 'stdout.txt');
    expect(await said('said')).toMatch(/^1 2 yes\n.*\/said\/wd\n$/);
    expect(await said('own')).toBe('the image speaks\n');
    expect(await said('root')).toBe('1 2 yes\n/opt/image\n');
  },
);

test.skipIf(skipped !== '')(
  `a container task that runs as another user than root writes to mounted outputs, and reads what the start task left [NB6, NB9]${skipped}`,
  async () => {
    await files.makeContainer('user-out', {});
    const mount = await files.mountAccess('user-out', 'write', 60);
    const { stand, batch } = await portOnStandIn({
      path: searchPath,
      blobEndpoint: () => account.blobUrl,
    });
    const runOptions = '--user 1000:1000';
    const container = { image: IMAGE, runOptions, workingDirectory: 'image' } as const;
    await batch.makePool(
      poolSpec({
        containers: { images: [IMAGE], registries: [] },
        mounts: [
          { ...mount, container: 'user-out', at: 'out', options: '-o allow_other -o umask=000' },
        ],
        startTask: {
          command: `/bin/sh -c 'echo prepared > "$AZ_BATCH_NODE_SHARED_DIR/word"'`,
          resourceFiles: [],
          environment: {},
          elevated: false,
          retries: 0,
        },
      }),
      owner,
    );
    await batch.makeJob({ ...job, jobManager: null }, owner);
    const command = `/bin/sh -c 'cat "$AZ_BATCH_NODE_SHARED_DIR/word"; id -u; echo written > "$AZ_BATCH_NODE_MOUNTS_DIR/out/word.txt"'`;
    await batch.addTasks(job.id, [{ ...plain, id: 'writes', command, container }]);

    const { executionInfo } = await taskDone(stand, job.id, 'writes');

    expect(await fileText(stand, job.id, 'writes', 'stdout.txt')).toBe('prepared\n1000\n');
    expect(executionInfo?.exitCode).toBe(0);
    expect(await files.readText('user-out', 'word.txt', 100)).toBe('written\n');
  },
);

test.skipIf(skipped !== '')(`a container ends with its task${skipped}`, async () => {
  const { stand, batch } = await portOnStandIn({ path: searchPath });
  const container = { image: IMAGE, runOptions: '', workingDirectory: 'task' } as const;
  await batch.makePool(poolSpec({ containers: { images: [IMAGE], registries: [] } }), owner);
  await batch.makeJob({ ...job, jobManager: null }, owner);
  const command = '/bin/sh -c "echo here; sleep 1000"';
  await batch.addTasks(job.id, [{ ...plain, id: 'forever', command, container }]);
  const isOfTask = (name: string) => name.startsWith(`batch-workitems-${job.id}-job-1-forever`);
  await stand.until(async () =>
    (await fileText(stand, job.id, 'forever', 'stdout.txt').catch(() => '')).includes('here'),
  );
  expect(goingOn().some(isOfTask)).toBe(true);

  await stand.client.task.terminate(job.id, 'forever');

  await expect.poll(() => goingOn().some(isOfTask), { timeout: 60_000 }).toBe(false);
});
