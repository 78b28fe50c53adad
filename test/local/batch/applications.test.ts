import { crc32, deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type Stand, UBUNTU, fileText, poolOf, standIn, taskDone } from './stand';

/** A zip archive of some files, packed. */
function zipOf(files: Readonly<Record<string, string>>): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text);
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([mark(0x04034b50), common, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((0o100755 << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([mark(0x02014b50), Buffer.alloc(2), common, rest, Buffer.from(name)]),
    );
    bodies.push(local);
    offset += local.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, ...directory, mark(0x06054b50), end]);
}

function mark(signature: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(signature);
  return bytes;
}

async function upload(stand: Stand, call: string, archive: Buffer): Promise<number> {
  const url = `${stand.batch.url}/_local/applications/${call}`;
  const { status } = await fetch(url, { method: 'PUT', body: new Uint8Array(archive) });
  return status;
}

test('packages of the pool and of a task are unpacked, with variables for the task [RS17] [RS18] [RS21]', async () => {
  const stand = await standIn();
  await upload(stand, 'my-tool/versions/1.0', zipOf({ 'bin/tool.sh': '#!/bin/sh\necho one\n' }));
  await upload(stand, 'my-tool/versions/2.0', zipOf({ 'bin/tool.sh': '#!/bin/sh\necho two\n' }));
  await stand.control('PATCH /applications/my-tool', { defaultVersion: '2.0' });
  await poolOf(stand, 1, { applicationPackageReferences: [{ applicationId: 'my-tool' }] });
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine:
      '/bin/sh -c "$AZ_BATCH_APP_PACKAGE_my_tool/bin/tool.sh; $AZ_BATCH_APP_PACKAGE_MY_TOOL_1_0/bin/tool.sh"',
    applicationPackageReferences: [{ applicationId: 'my-tool', version: '1.0' }],
  });

  await taskDone(stand, 'job', 'task');

  expect(await fileText(stand, 'job', 'task', 'stdout.txt')).toBe('two\none\n');
  const applications = await stand.client.application.list();
  expect(applications.map((application) => ({ ...application }))).toEqual([
    { id: 'my-tool', displayName: 'my-tool', versions: ['1.0', '2.0'] },
  ]);
});

test('a deleted package makes the nodes that need it unusable [RS20]', async () => {
  const stand = await standIn();
  await upload(stand, 'tool/versions/1', zipOf({ a: 'A' }));
  await stand.client.pool.add({
    id: 'pool',
    vmSize: 'standard_d2s_v5',
    virtualMachineConfiguration: UBUNTU,
    targetDedicatedNodes: 1,
    applicationPackageReferences: [{ applicationId: 'tool', version: '1' }],
  });
  await stand.control('DELETE /applications/tool');

  const node = await stand.until(async () => {
    const [found] = await stand.client.computeNode.list('pool');
    return found?.state === 'unusable' && found;
  });

  expect(node.errors?.map(({ code }) => code)).toEqual(['ApplicationPackageError']);
});

test('without an identity for the linked storage, nodes of a pool with packages never finish starting, and tasks with packages fail', async () => {
  const stand = await standIn({ autoStorageMode: 'BatchAccountManagedIdentity' });
  await upload(stand, 'tool/versions/1', zipOf({ a: 'A' }));
  const references = [{ applicationId: 'tool', version: '1' }];
  await stand.client.pool.add({
    id: 'with-packages',
    vmSize: 'standard_d2s_v5',
    virtualMachineConfiguration: UBUNTU,
    targetDedicatedNodes: 1,
    applicationPackageReferences: references,
  });
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: 'true',
    applicationPackageReferences: references,
  });

  const { executionInfo } = await taskDone(stand, 'job', 'task');
  stand.clock.step(3_600_000);

  const nodes = await stand.client.computeNode.list('with-packages');
  expect(nodes.map(({ state, errors }) => [state, errors])).toEqual([['starting', undefined]]);
  expect(executionInfo?.failureInfo?.code).toBe('ApplicationPackageError');
});

test('a file that is not an archive is refused, and nothing is unpacked outside the folder', async () => {
  const stand = await standIn();
  const statuses = [
    await upload(stand, 'tool/versions/1', Buffer.from('not a zip')),
    await upload(stand, '..%2Fx/versions/1', zipOf({ a: 'A' })),
    await upload(stand, 'tool/versions/2', zipOf({ '../../evil': 'x' })),
  ];
  await poolOf(stand, 1);
  await stand.client.job.add({ id: 'job', poolInfo: { poolId: 'pool' } });
  await stand.client.task.add('job', {
    id: 'task',
    commandLine: 'true',
    applicationPackageReferences: [{ applicationId: 'tool', version: '2' }],
  });

  const { executionInfo } = await taskDone(stand, 'job', 'task');

  expect(statuses).toEqual([400, 400, 200]);
  expect(executionInfo?.failureInfo?.code).toBe('ApplicationPackageError');
});
