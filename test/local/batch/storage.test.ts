import { BlobServiceClient, ContainerSASPermissions } from '@azure/storage-blob';
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { realClock } from '../../../local/clock';
import { newTemporaryFolder, poolOf, standIn, taskDone } from './stand';

let service: BlobServiceClient;
let stop: () => Promise<void>;

/** A blob service of Azurite, without TLS: what is tested is who uses it. */
beforeAll(async () => {
  const folder = await newTemporaryFolder();
  const child = spawn(
    process.execPath,
    [
      require.resolve('azurite/dist/src/blob/main.js'),
      '--blobPort',
      '0',
      '--location',
      folder.path,
      '--skipApiVersionCheck',
      '--disableTelemetry',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const address = await new Promise<string>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      const found = /successfully listens on (\S+)/.exec(text.toString())?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const key =
    'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
  service = BlobServiceClient.fromConnectionString(
    `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=${key};` +
      `BlobEndpoint=${address}/devstoreaccount1;`,
  );
  stop = async () => {
    const gone = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    child.kill();
    await gone;
    await folder.remove();
  };
});

afterAll(() => stop());

async function containerUrl(name: string, permissions: string): Promise<string> {
  const container = service.getContainerClient(name);
  await container.createIfNotExists();
  return container.generateSasUrl({
    permissions: ContainerSASPermissions.parse(permissions),
    expiresOn: new Date(realClock.now().getTime() + 3_600_000),
  });
}

async function put(container: string, blob: string, text: string): Promise<void> {
  await service.getContainerClient(container).createIfNotExists();
  await service
    .getContainerClient(container)
    .getBlockBlobClient(blob)
    .uploadData(Buffer.from(text));
}

async function blobsOf(container: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const client = service.getContainerClient(container);
  for await (const { name } of client.listBlobsFlat()) {
    found[name] = (await client.getBlobClient(name).downloadToBuffer()).toString();
  }
  return found;
}

test('the blobs of a container are downloaded with their folders, and output files are uploaded [NB10]', async () => {
  const stand = await standIn({ autoStorageContainer: (name) => containerUrl(name, 'rl') });
  await put('inputs', 'set/a.txt', 'A');
  await put('inputs', 'set/deep/b.txt', 'B');
  await put('inputs', 'other/c.txt', 'C');
  await put('tools', 'd.txt', 'D');
  const output = { containerUrl: await containerUrl('outputs', 'rwc') };
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine:
      '/bin/sh -c "mkdir -p out/x && cat in/set/a.txt in/set/deep/b.txt d.txt > out/x/all.txt && echo said; ls in"',
    resourceFiles: [
      {
        storageContainerUrl: await containerUrl('inputs', 'rl'),
        blobPrefix: 'set/',
        filePath: 'in',
      },
      { autoStorageContainerName: 'tools' },
    ],
    outputFiles: [
      {
        filePattern: 'out/**/*.txt',
        destination: { container: { ...output, path: 'results' } },
        uploadOptions: { uploadCondition: 'tasksuccess' },
      },
      {
        filePattern: '../std*.txt',
        destination: { container: { ...output, path: '$logs' } },
        uploadOptions: { uploadCondition: 'taskcompletion' },
      },
      {
        filePattern: 'out/x/all.txt',
        destination: { container: { ...output, path: 'one/file' } },
        uploadOptions: { uploadCondition: 'taskcompletion' },
      },
      {
        filePattern: '**/*',
        destination: { container: output },
        uploadOptions: { uploadCondition: 'taskfailure' },
      },
    ],
  });

  const { executionInfo } = await taskDone(stand, 'job', 'task');

  expect(executionInfo).toMatchObject({ exitCode: 0, result: 'success' });
  expect(await blobsOf('outputs')).toEqual({
    'results/x/all.txt': 'ABD',
    '$logs/stdout.txt': 'said\nset\n',
    '$logs/stderr.txt': '',
    'one/file': 'ABD',
  });
});

test('a mounted container shows its blobs, and receives the files of tasks [GD24] [GD25]', async () => {
  const stand = await standIn({ blobEndpoint: () => service.url.replace(/\/$/, '') });
  await put('shared', 'in/a.txt', 'A');
  await put('shared', 'gone.txt', 'G');
  const sasKey = new URL(await containerUrl('shared', 'rwdlc')).search;
  await poolOf(stand, 1, {
    mountConfiguration: [
      {
        azureBlobFileSystemConfiguration: {
          accountName: 'devstoreaccount1',
          containerName: 'shared',
          sasKey,
          relativeMountPath: 'data',
        },
      },
    ],
  });
  await put('shared', 'in/late.txt', 'L');
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine:
      '/bin/sh -c "cd $AZ_BATCH_NODE_MOUNTS_DIR/data && mkdir out && cat in/* > out/all && rm gone.txt"',
  });

  const { executionInfo } = await taskDone(stand, 'job', 'task');

  expect(executionInfo?.exitCode).toBe(0);
  expect(await blobsOf('shared')).toEqual({ 'in/a.txt': 'A', 'in/late.txt': 'L', 'out/all': 'AL' });
  expect(JSON.stringify(await stand.client.pool.get('pool'))).not.toContain('sig=');
});

test('a failed upload fails a task whose process succeeded', async () => {
  const stand = await standIn();
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  const url = await containerUrl('gone', 'rwc');
  await service.getContainerClient('gone').delete();
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: '/bin/echo x',
    outputFiles: [
      {
        filePattern: '../stdout.txt',
        destination: { container: { containerUrl: url } },
        uploadOptions: { uploadCondition: 'tasksuccess' },
      },
    ],
  });

  const { executionInfo } = await taskDone(stand, 'job', 'task');

  expect(executionInfo).toMatchObject({
    exitCode: 0,
    result: 'failure',
    failureInfo: { code: 'FileUploadContainerNotFound' },
  });
  expect(JSON.stringify(executionInfo)).not.toContain('sig=');
});
