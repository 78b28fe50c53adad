import fsp from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { UBUNTU, fileText, newFolder, poolOf, standIn, taskDone } from '../stand';

/** A container runtime that has one image, records its calls, and runs the given command. */
const RUNTIME = `#!/bin/sh
folder=$(dirname "$0")
echo "$@" >> "$folder/calls"
case "$1" in
  version) exit 0 ;;
  image) case "$3" in *home-made) exit 0 ;; *) exit 1 ;; esac ;;
  pull) case "$*" in *" known") ;; *) false ;; esac || { echo "no such image" >&2; exit 1; } ;;
  login) cat >> "$folder/passwords"; test "$2" != --authfile || echo '{}' > "$3" ;;
  kill) kill -9 "$(cat "$folder/running")" ;;
  run)
    echo $$ > "$folder/running"
    for word in "$@"; do echo "$word"; done
    case "$*" in *forever*) sleep 1000 ;; esac ;;
esac
`;

async function withRuntime(
  name: 'docker' | 'podman' = 'docker',
): Promise<{ readonly path: string; calls(): Promise<string> }> {
  const folder = await newFolder();
  await fsp.writeFile(path.join(folder, name), RUNTIME, { mode: 0o755 });
  return {
    path: `${folder}:/usr/bin:/bin`,
    calls: () => fsp.readFile(path.join(folder, 'calls'), 'utf8'),
  };
}

const CONTAINERS = {
  virtualMachineConfiguration: {
    ...UBUNTU,
    containerConfiguration: { containerImageNames: ['known'] },
  },
};

test('a container task runs with the options of the node agent [NB2] [NB3] [NB4]', async () => {
  const runtime = await withRuntime();
  const stand = await standIn({ path: runtime.path });
  const [node] = await poolOf(stand, 1, CONTAINERS);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.addCollection('job', [
    {
      id: 'own',
      commandLine: '',
      containerSettings: { imageName: 'known', workingDirectory: 'containerImageDefault' },
    },
    {
      id: 'other',
      commandLine: '/bin/render "a b"',
      containerSettings: { imageName: 'known', containerRunOptions: '--shm-size 1g' },
      environmentSettings: [{ name: 'INPUT', value: 'x' }],
    },
  ]);

  const own = await taskDone(stand, 'job', 'own');
  await taskDone(stand, 'job', 'other');

  const words = async (id: string) =>
    (await fileText(stand, 'job', id, 'stdout.txt')).trimEnd().split('\n');
  const [ownWords, otherWords] = [await words('own'), await words('other')];
  const rootAt = otherWords.indexOf('--volume') + 1;
  const root = otherWords[rootAt]?.split(':')[0] ?? '';
  expect(root).toContain(node?.id);
  expect(ownWords.slice(-1)).toEqual(['known']);
  expect(ownWords).not.toContain('--workdir');
  expect(otherWords).toContain('INPUT');
  expect(otherWords.slice(otherWords.indexOf('--workdir'))).toEqual([
    '--workdir',
    `${root}/workitems/job/job-1/other/wd`,
    '--shm-size',
    '1g',
    '--entrypoint',
    '/bin/render',
    'known',
    'a b',
  ]);
  expect(own.executionInfo?.containerInfo?.state).toBe('exited');
  expect(await runtime.calls()).toContain('pull known\n');
});

test('a pool with containers runs nothing else, and no other pool runs any [NB1]', async () => {
  const runtime = await withRuntime();
  const stand = await standIn({ path: runtime.path });
  await poolOf(stand, 1, CONTAINERS);
  await poolOf(stand, 1, { id: 'plain' });
  for (const pool of ['pool', 'plain']) {
    await stand.client.job.add({ id: `on-${pool}`, poolInfo: { poolId: pool } });
  }
  await stand.client.task.add('on-pool', { id: 'bare', commandLine: 'true' });
  await stand.client.task.add('on-plain', {
    id: 'boxed',
    commandLine: 'true',
    containerSettings: { imageName: 'known' },
  });

  const bare = await taskDone(stand, 'on-pool', 'bare');
  const boxed = await taskDone(stand, 'on-plain', 'boxed');

  expect([bare, boxed].map(({ executionInfo }) => executionInfo?.failureInfo?.message)).toEqual([
    'Container-enabled compute node requires task container settings',
    'Task container settings require a container-enabled compute node',
  ]);
});

test('an image that cannot be pulled makes the node unusable, with a reason', async () => {
  const runtime = await withRuntime();
  const stand = await standIn({ path: runtime.path });
  await stand.client.pool.add({
    id: 'pool',
    vmSize: 'standard_d2s_v5',
    virtualMachineConfiguration: {
      ...UBUNTU,
      containerConfiguration: { containerImageNames: ['unknown'] },
    },
    targetLowPriorityNodes: 1,
  });

  const node = await stand.until(async () => {
    const [found] = await stand.client.computeNode.list('pool');
    return found?.state === 'unusable' && found;
  });

  expect(node.errors?.[0]).toMatchObject({
    code: 'ContainerInvalidImage',
    errorDetails: [
      { name: 'Image', value: 'unknown' },
      { name: 'Message', value: 'no such image\n' },
    ],
  });
});

test('an image built on this machine is used, unless the pool logs in to its registry', async () => {
  const runtime = await withRuntime();
  const stand = await standIn({ path: runtime.path });
  const withImage = (image: string, registryServer?: string) => ({
    vmSize: 'standard_d2s_v5',
    targetLowPriorityNodes: 1,
    virtualMachineConfiguration: {
      ...UBUNTU,
      containerConfiguration: {
        containerImageNames: [image],
        containerRegistries: [
          { userName: 'me', password: 'secret', ...(registryServer && { registryServer }) },
        ],
      },
    },
  });
  await poolOf(stand, 1, withImage('home-made', 'other.example'));
  const refused = {
    'its-own': withImage('own.example/home-made', 'own.example'),
    hub: withImage('home-made'),
  };

  for (const [id, pool] of Object.entries(refused)) {
    await stand.client.pool.add({ id, ...pool });
    const node = await stand.until(async () => {
      const [found] = await stand.client.computeNode.list(id);
      return found?.state === 'unusable' && found;
    });
    expect([id, node.errors?.[0]?.code]).toEqual([id, 'ContainerInvalidImage']);
  }
  expect(stand.lines.filter((line) => line.includes('the copy on this machine'))).toEqual([
    expect.stringMatching(/^node tvm\S+: home-made cannot be pulled/),
  ]);
});

test("podman's credentials are stored below the node, and used for every pull and run [NB4]", async () => {
  const runtime = await withRuntime('podman');
  const stand = await standIn({ path: runtime.path.replace(/:.*/, ':/bin') });
  await poolOf(stand, 1, {
    virtualMachineConfiguration: {
      ...UBUNTU,
      containerConfiguration: {
        containerImageNames: ['known'],
        containerRegistries: [{ registryServer: 'r.example', userName: 'me', password: 'secret' }],
      },
    },
  });
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  const containerSettings = { imageName: 'known' };
  await stand.client.task.add('job', { id: 'task', commandLine: '', containerSettings });
  await taskDone(stand, 'job', 'task');

  const calls = (await runtime.calls()).split('\n').filter((call) => / --authfile /.test(call));
  const files = calls.map((call) => / --authfile (\S+)/.exec(call)?.[1] ?? '');
  expect(calls.map((call) => call.split(' ')[0])).toEqual(['login', 'pull', 'run']);
  expect(new Set(files).size).toBe(1);
  expect(files[0]?.startsWith(stand.folder)).toBe(true);
  expect(await runtime.calls()).not.toContain('secret');
});

/** A task whose container runs until it is stopped. */
async function aTaskThatGoesOn() {
  const runtime = await withRuntime();
  const stand = await standIn({ path: runtime.path });
  await poolOf(stand, 1, CONTAINERS);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: 'forever',
    containerSettings: { imageName: 'known' },
  });
  await stand.until(async () =>
    (await fileText(stand, 'job', 'task', 'stdout.txt').catch(() => '')).includes('forever'),
  );
  return { stand, runtime };
}

test('terminating a container task stops its container', async () => {
  const { stand, runtime } = await aTaskThatGoesOn();

  await stand.client.task.terminate('job', 'task');

  await expect.poll(runtime.calls).toMatch(/^kill batch-workitems-job-job-1-task-/m);
});

test('evicting a node stops its containers', async () => {
  const { stand, runtime } = await aTaskThatGoesOn();

  await stand.control('POST /pools/pool/preempt', { count: 1 });

  await expect.poll(runtime.calls).toMatch(/^kill batch-workitems-job-job-1-task-/m);
});

test('a container task without a container runtime fails with that code', async () => {
  const stand = await standIn({ path: '/nowhere' });
  await poolOf(stand, 1, {
    virtualMachineConfiguration: { ...UBUNTU, containerConfiguration: {} },
  });
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: 'true',
    containerSettings: { imageName: 'known' },
  });

  expect((await taskDone(stand, 'job', 'task')).executionInfo?.failureInfo).toMatchObject({
    category: 'ServerError',
    code: 'ContainerRuntimeNotFound',
  });
});
