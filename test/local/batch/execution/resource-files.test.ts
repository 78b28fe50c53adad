import fsp from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { downloadAll } from '../../../../local/batch/execution/resource-files';
import { newFolder } from '../stand';

let storage: string;

beforeAll(async () => {
  const server = http.createServer((request, response) => {
    if (request.url?.includes('comp=list') === true) {
      response.writeHead(200, { 'Content-Type': 'application/xml' }).end(LIST);
      return;
    }
    // Of a blob only the beginning comes: whoever reads it has to break off.
    response.writeHead(200, { 'Content-Length': 1000, ETag: '"1"' }).write('the beginning');
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  storage = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return () => {
    server.closeAllConnections();
    server.close();
  };
});

const LIST = `<?xml version="1.0" encoding="utf-8"?>
<EnumerationResults ContainerName="inputs">
  <Blobs><Blob><Name>one</Name><Properties><Content-Length>1000</Content-Length></Properties></Blob></Blobs>
  <NextMarker/>
</EnumerationResults>`;

test.each([
  ['a file', () => ({ httpUrl: `${storage}/one`, filePath: 'folder/one' })],
  ['a container', () => ({ storageContainerUrl: `${storage}/inputs`, filePath: 'folder' })],
])('the download of %s ends when it is aborted, at any time', async (_, file) => {
  const unheard: unknown[] = [];
  const hear = (error: unknown) => unheard.push(error);
  process.on('uncaughtException', hear);
  onTestFinished(() => {
    process.off('uncaughtException', hear);
  });

  const ends = new Set<string>();
  for (let moment = 0; moment < 300; moment += 1) {
    // A new folder each time, because its creation takes time.
    const workingDirectory = await newFolder();
    const abort = new AbortController();
    const done = downloadAll([file()], { workingDirectory, signal: abort.signal }).then(
      () => 'downloaded',
      (error: unknown) => (error instanceof Error ? error.name : String(error)),
    );
    for (let turn = 0; turn < moment % 30; turn += 1) await turnOfTheLoop();
    abort.abort();
    ends.add(await done);
    await fsp.rm(workingDirectory, { recursive: true });
  }

  expect([...ends]).toEqual(['AbortError']);
  expect(unheard).toEqual([]);
});
