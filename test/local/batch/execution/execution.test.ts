import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type Stand, fileText, isAlive, poolOf, printedPid, standIn, taskDone } from '../stand';

async function oneNode(stand: Stand): Promise<string> {
  const [node] = await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  return node?.id ?? '';
}

test("a task's environment has Batch's variables, its own, and none of this process [PI9]", async () => {
  const stand = await standIn({ environment: { NODE_EXTRA_CA_CERTS: '/ca.pem' } });
  const [node] = await poolOf(stand, 1);
  await stand.client.job.add({
    id: 'job',
    poolInfo: { poolId: 'pool' },
    commonEnvironmentSettings: [
      { name: 'LC_ALL', value: 'en_US.UTF-8' },
      { name: 'WHO', value: 'job' },
    ],
  });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: 'env',
    environmentSettings: [{ name: 'WHO', value: 'task' }, { name: 'EMPTY' }],
  });
  await taskDone(stand, 'job', 'task');

  const text = await fileText(stand, 'job', 'task', 'stdout.txt');
  const root = /^AZ_BATCH_NODE_ROOT_DIR=(.*)$/m.exec(text)?.[1] ?? '';
  const home = /^HOME=(.*)$/m.exec(text)?.[1] ?? '';
  const seen = Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.replace(root, 'ROOT').split('=')),
  ) as Record<string, string>;

  expect(seen).toEqual({
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    LANG: 'C',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    AZ_BATCH_ACCOUNT_NAME: 'nightly',
    AZ_BATCH_ACCOUNT_URL: `${stand.batch.url}/`,
    AZ_BATCH_POOL_ID: 'pool',
    AZ_BATCH_NODE_ID: node?.id,
    AZ_BATCH_NODE_IS_DEDICATED: 'false',
    AZ_BATCH_NODE_ROOT_DIR: 'ROOT',
    AZ_BATCH_NODE_SHARED_DIR: 'ROOT/shared',
    AZ_BATCH_NODE_STARTUP_DIR: 'ROOT/startup',
    AZ_BATCH_NODE_STARTUP_WORKING_DIR: 'ROOT/startup/wd',
    AZ_BATCH_NODE_MOUNTS_DIR: 'ROOT/fsmounts',
    AZ_BATCH_TASK_DIR: 'ROOT/workitems/job/job-1/task',
    AZ_BATCH_TASK_WORKING_DIR: 'ROOT/workitems/job/job-1/task/wd',
    AZ_BATCH_CERTIFICATES_DIR: 'ROOT/workitems/job/job-1/task/certs',
    AZ_BATCH_JOB_ID: 'job',
    AZ_BATCH_TASK_ID: 'task',
    LC_ALL: 'en_US.UTF-8',
    WHO: 'task',
    EMPTY: '',
  });
});

test('no shell interprets the command line [RS23]', async () => {
  const stand = await standIn();
  await oneNode(stand);
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: `/bin/echo $HOME && rm * ; 'one two' "three \\" four"`,
  });
  await taskDone(stand, 'job', 'task');

  expect(await fileText(stand, 'job', 'task', 'stdout.txt')).toBe(
    '$HOME && rm * ; one two three " four\n',
  );
});

/** A web server that knows one file. */
async function webServer(): Promise<string> {
  const server = http.createServer((request, response) => {
    if (request.url?.startsWith('/tool.sh') === true) response.end('#!/bin/sh\necho tool $1\n');
    else if (request.url?.startsWith('/secret') === true) response.writeHead(403).end();
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('resource files arrive in the working directory with their mode [PI4]', async () => {
  const stand = await standIn();
  await oneNode(stand);
  const web = await webServer();
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: './bin/tool.sh arrived',
    resourceFiles: [
      { httpUrl: `${web}/tool.sh?sig=secret`, filePath: 'bin/tool.sh', fileMode: '0755' },
      { httpUrl: `${web}/tool.sh`, filePath: 'plain' },
    ],
  });
  await taskDone(stand, 'job', 'task');

  expect(await fileText(stand, 'job', 'task', 'stdout.txt')).toBe('tool arrived\n');
  const files = await stand.client.file.listFromTask('job', 'task', {
    recursive: true,
  });
  expect(files.map(({ name, properties }) => [name, properties?.fileMode])).toEqual([
    ['certs', undefined],
    ['stderr.txt', '0o100644'],
    ['stdout.txt', '0o100644'],
    ['wd', undefined],
    ['wd/bin', undefined],
    ['wd/bin/tool.sh', '0o100755'],
    ['wd/plain', '0o100770'],
  ]);
});

test.each([
  ['is not there', '/gone', 'file', 'BlobNotFound'],
  ['may not be read', '/secret', 'file', 'BlobAccessDenied'],
  ['would land outside', '/tool.sh', '../../stdout.txt', 'ResourceDirectoryCreateFailed'],
])('a resource file that %s fails the task before it starts', async (_, path, filePath, code) => {
  const stand = await standIn();
  await oneNode(stand);
  const web = await webServer();
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: 'true',
    resourceFiles: [{ httpUrl: `${web}${path}?sig=secret`, filePath }],
    constraints: { maxTaskRetryCount: 3 },
  });

  const { executionInfo } = await taskDone(stand, 'job', 'task');

  expect(executionInfo).toMatchObject({ result: 'failure', retryCount: 0, failureInfo: { code } });
  expect(executionInfo?.exitCode).toBeUndefined();
  expect(JSON.stringify(executionInfo)).not.toContain('secret?');
  expect(JSON.stringify(executionInfo)).not.toContain('sig=');
});

test('output can be read in parts while the task runs', async () => {
  const stand = await standIn();
  await oneNode(stand);
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: '/bin/sh -c "printf 0123456789; sleep 1000"',
  });
  await stand.until(async () => {
    const text = await fileText(stand, 'job', 'task', 'stdout.txt').catch(() => '');
    return text.length === 10;
  }, 0);

  const part = await stand.client.file.getFromTask('job', 'task', 'stdout.txt', {
    fileGetFromTaskOptions: { ocpRange: 'bytes=3-5' },
  });
  const chunks: string[] = [];
  for await (const chunk of part.readableStreamBody ?? []) chunks.push(String(chunk));
  const head = await stand.client.file.getPropertiesFromTask('job', 'task', 'stdout.txt');

  expect(chunks.join('')).toBe('345');
  expect(head).toMatchObject({
    contentLength: 10,
    contentType: 'text/plain',
    ocpBatchFileIsdirectory: 'False',
    ocpBatchFileMode: '0o100644',
  });
  await expect(
    stand.client.file.getFromTask('job', 'task', 'stdout.txt', {
      fileGetFromTaskOptions: { ocpRange: 'bytes=10-20' },
    }),
  ).rejects.toMatchObject({ statusCode: 416 });
});

test('files outside a node cannot be read through its file operations', async () => {
  const stand = await standIn();
  const nodeId = await oneNode(stand);
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: '/bin/ln -s /etc/passwd link',
  });
  await taskDone(stand, 'job', 'task');

  const codes = await Promise.all([
    statusOf(stand.client.file.getFromTask('job', 'task', 'wd/link')),
    statusOf(stand.client.file.getFromTask('job', 'task', '../../../../../../../etc/passwd')),
    statusOf(stand.client.file.getFromComputeNode('pool', nodeId, '../home/.profile')),
    statusOf(stand.client.file.deleteFromComputeNode('pool', nodeId, '../processes')),
  ]);

  expect(codes).toEqual([404, 404, 404, 404]);

  function statusOf(reading: Promise<unknown>): Promise<number> {
    return reading.then(
      () => 200,
      (error: { readonly statusCode: number }) => error.statusCode,
    );
  }
});

test('files are kept for the retention of their task, and no longer', async () => {
  const stand = await standIn();
  await oneNode(stand);
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: '/bin/echo kept',
    constraints: { retentionTime: 'PT1H' },
  });
  await taskDone(stand, 'job', 'task');

  stand.clock.step(3_599_000);
  expect(await fileText(stand, 'job', 'task', 'stdout.txt')).toBe('kept\n');
  stand.clock.step(1_000);

  await expect(stand.client.file.listFromTask('job', 'task')).rejects.toMatchObject({
    statusCode: 409,
    code: 'TaskFilesCleanedup',
  });
});

test('files of a task that has not started are refused', async () => {
  const stand = await standIn();
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', { id: 'task', commandLine: 'true' });

  await expect(stand.client.file.listFromTask('job', 'task')).rejects.toMatchObject({
    statusCode: 409,
    code: 'OperationInvalidForCurrentState',
  });
});

const ENDINGS: readonly (readonly [string, (stand: Stand) => unknown])[] = [
  ['the end of its time limit', ({ clock }) => clock.step(3_600_000)],
  ['a terminate request', ({ client }) => client.task.terminate('job', 'task')],
  ['a delete request', ({ client }) => client.task.deleteMethod('job', 'task')],
  ['the end of its job', ({ client }) => client.job.terminate('job')],
  ['a job that is disabled', ({ client }) => client.job.disable('job', 'requeue')],
  ['an eviction', (stand) => stand.control('POST /pools/pool/preempt')],
];

test.skipIf(process.platform !== 'linux').each(ENDINGS)(
  'a task ended by %s is reported only when its detached processes have exited',
  async (_, end) => {
    const stand = await standIn();
    await oneNode(stand);
    await stand.client.task.add('job', {
      id: 'task',
      commandLine: `/bin/sh -c "setsid --fork /bin/sh -c 'echo $$; exec sleep 1000'; sleep 1000"`,
      constraints: { maxWallClockTime: 'PT1H' },
    });
    const pid = await printedPid(stand, 'job', 'task');
    expect(isAlive(pid)).toBe(true);

    await end(stand);
    await stand.until(async () => {
      const task = await stand.client.task.get('job', 'task').catch(() => undefined);
      return task?.state !== 'running';
    }, 0);

    expect(isAlive(pid)).toBe(false);
  },
);

test.skipIf(process.platform !== 'linux')(
  'a task that exits is reported only when its background processes have exited',
  async () => {
    const stand = await standIn();
    await oneNode(stand);
    await stand.client.task.add('job', {
      id: 'task',
      commandLine: '/bin/sh -c "sleep 1000 & echo $!"',
    });
    await stand.until(async () => {
      return (await stand.client.task.get('job', 'task')).state === 'completed';
    }, 0);

    expect(isAlive(await printedPid(stand, 'job', 'task'))).toBe(false);
  },
);
