import { BatchServiceClient, BatchSharedKeyCredentials } from '@azure/batch';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../local/clock';
import { assumptions } from '../../local/verify/assumptions';
import { checkBatch } from '../../local/verify/batch-checks';
import { markdownOf, type Report } from '../../local/verify/report';
import { closeWorld, eventually, openWorld, root, type OwnWorld } from './environment';

/** The verification of a deployment, against the local environment. */

/** A due time that does not come while these tests run: an hour ago, so in 23 hours. */
const due = new Date(realClock.now().getTime() - 3_600_000);
const schedule = `0 0 ${due.getUTCHours()} * * *`;

let world: OwnWorld;
beforeAll(async () => {
  world = await openWorld({ name: 'verify', settings: { SCHEDULE_NIGHTLY_REPORT: schedule } });
});
afterAll(() => closeWorld(world));

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

function verify(...args: readonly string[]): Promise<Ended> {
  const { appUrl, storage, batch } = world.environment;
  const places = ['--url', appUrl, '--storage', storage.blobUrl, '--batch', batch.url];
  const program = join(root, 'dist', 'local', 'verify', 'main.js');
  const child = spawn(process.execPath, [program, ...places, '--folder', world.folder, ...args]);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => (text += part.toString('utf8')));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, text })));
}

/** Ids of the rows of one section of a report. */
function idsIn(markdown: string, title: string): readonly string[] {
  const section = markdown.split(/^## /m).find((part) => part.startsWith(title)) ?? '';
  return [...section.matchAll(/^\| ([a-z-]+): /gm)].map(([, id = '']) => id);
}

test(
  'a verification of the local environment confirms all that it checks, and leaves nothing',
  { timeout: 400_000 },
  async () => {
    const to = join(world.folder, 'report');
    mkdirSync(to);

    const { code, text } = await verify('--to', to);

    const markdown = readFileSync(join(to, 'report.md'), 'utf8');
    expect([idsIn(markdown, 'Contradicted'), code === 0 ? '' : text]).toEqual([[], '']);
    const onlyInAzure = ['app-requires-key', 'schedule-run', 'node-start', 'alert-fires'];
    expect(idsIn(markdown, 'Confirmed').toSorted()).toEqual(
      assumptions
        .filter(({ id, byHand }) => byHand === undefined && !onlyInAzure.includes(id))
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(idsIn(markdown, 'Not checked')).toEqual(expect.arrayContaining(onlyInAzure));
    expect(text).toContain('at most');
    const nothingLeft = await eventually(world, 'the end of the last pool and job', async () => {
      const left = [...(await world.batch.pool.list()), ...(await world.batch.job.list())];
      return left.length === 0 ? true : undefined;
    });
    expect(nothingLeft).toBe(true);
    for (const container of ['inbox', 'reports-in']) {
      const blobs: string[] = [];
      for await (const { name } of world.blobs.getContainerClient(container).listBlobsFlat())
        blobs.push(name);
      expect(blobs).toEqual([]);
    }
  },
);

/** Batch, with one answer that differs from what this repository assumes. */
async function alteredBatch(): Promise<BatchServiceClient> {
  const { url, name, key } = world.environment.batch;
  const proxy = http.createServer((request, response) => {
    const { method, headers } = request;
    const upstream = http.request(`${url}${request.url ?? ''}`, { method, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8').replace('$x=PT2H', '$x=02:00:00');
        delete answer.headers['content-length'];
        response.writeHead(answer.statusCode ?? 500, answer.headers).end(text);
      });
    });
    request.pipe(upstream);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return new BatchServiceClient(new BatchSharedKeyCredentials(name, key), address);
}

test('a service that answers differently is reported, with what it answered', async () => {
  const findings = await checkBatch(await alteredBatch(), 'standard_d2s_v5', 'verify-altered');

  const report: Report = {
    target: 'https://app.example',
    isLocal: false,
    at: '2030-01-01T00:00:00.000Z',
    assumptions,
    findings,
    runs: [],
  };
  const markdown = markdownOf(report);
  expect(idsIn(markdown, 'Contradicted')).toEqual(['formula-interval']);
  expect(markdown).toContain('| $x=TimeInterval_Hour*2 returned 02:00:00 |');
});
