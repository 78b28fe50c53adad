import {
  BatchServiceClient,
  BatchSharedKeyCredentials,
  type BatchServiceModels,
} from '@azure/batch';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished, vi } from 'vitest';
import { SteppedClock } from '../../../local/clock';
import { type BatchOptions, type RunningBatch, startBatch } from '../../../local/batch/server';

export const ACCOUNT = { name: 'nightly', key: randomBytes(64).toString('base64') };

/** The stand-in on a clock that a test steps, with the official client. */
export interface Stand {
  readonly clock: SteppedClock;
  readonly batch: RunningBatch;
  readonly client: BatchServiceClient;
  readonly folder: string;
  readonly lines: readonly string[];
  /**
   * Steps the clock before each further poll, until `done` returns something. With steps of 0 the
   * clock stands still: the wait is for a real process, however long it takes.
   */
  until<T>(done: () => Promise<T | undefined | false>, stepSeconds?: number): Promise<T>;
  /** Calls `/_local`. */
  control(call: string, body?: object): Promise<unknown>;
}

export async function standIn(options: Partial<BatchOptions> = {}): Promise<Stand> {
  const folder = options.folder ?? (await newFolder());
  const clock = new SteppedClock('2030-01-01T00:00:00Z');
  const lines: string[] = [];
  const batch = await startBatch({
    clock,
    folder,
    account: ACCOUNT,
    log: (line) => lines.push(line),
    random: () => 0.5,
    path: '/usr/local/bin:/usr/bin:/bin',
    ...options,
  });
  onTestFinished(() => batch.close());
  const theClock = options.clock instanceof SteppedClock ? options.clock : clock;
  return {
    clock: theClock,
    batch,
    client: clientOf(batch.url),
    folder,
    lines,
    until: (done, stepSeconds = 0.5) => until(theClock, done, stepSeconds),
    control: (call, body) => control(batch.url, call, body),
  };
}

export function clientOf(url: string): BatchServiceClient {
  return clientFor(url, ACCOUNT);
}

export function clientFor(url: string, { name, key }: BatchOptions['account']): BatchServiceClient {
  const credentials = new BatchSharedKeyCredentials(name, key);
  return new BatchServiceClient(credentials, url, { noRetryPolicy: true });
}

export async function newFolder(): Promise<string> {
  const folder = await newTemporaryFolder();
  onTestFinished(() => folder.remove());
  return folder.path;
}

export async function newTemporaryFolder(): Promise<{
  readonly path: string;
  remove(): Promise<void>;
}> {
  const folder = await fsp.mkdtemp(path.join(os.tmpdir(), 'batch-'));
  return {
    path: folder,
    remove: () => fsp.rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Bound on the real time of processes, far above what they need on a busy machine. */
const REAL_TIMEOUT_MS = 150_000;

vi.setConfig({ testTimeout: 180_000 });

async function until<T>(
  clock: SteppedClock,
  done: () => Promise<T | undefined | false>,
  stepSeconds: number,
): Promise<T> {
  const deadline = performance.now() + REAL_TIMEOUT_MS;
  for (;;) {
    const result = await done();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > deadline) throw new Error(`never became true: ${done.toString()}`);
    if (stepSeconds > 0) clock.step(stepSeconds * 1000);
    else await delay(10);
  }
}

/** A body as the service sent it; the client mixes headers into what it answers. */
export function bodyOf(answer: { readonly _response: { readonly parsedBody: object } }): object {
  const body = { ...answer._response.parsedBody } as Record<string, unknown>;
  delete body['odata.metadata'];
  return body;
}

/** Returns true for a running process; a zombie that waits for its parent is not running. */
export function isAlive(pid: number): boolean {
  try {
    return fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('Z') === false;
  } catch {
    return false;
  }
}

async function control(url: string, call: string, body?: object): Promise<unknown> {
  const [method = '', target = ''] = call.split(' ');
  const response = await fetch(`${url}/_local${target}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${call}: ${response.status} ${await response.text()}`);
  return response.json();
}

export const UBUNTU: BatchServiceModels.VirtualMachineConfiguration = {
  imageReference: { publisher: 'canonical', offer: 'ubuntu-24_04-lts', sku: 'server' },
  nodeAgentSKUId: 'batch.node.ubuntu 24.04',
};

/** A pool of Spot nodes that are ready. */
export async function poolOf(
  stand: Stand,
  nodes: number,
  more: Partial<BatchServiceModels.PoolAddParameter> = {},
): Promise<BatchServiceModels.ComputeNode[]> {
  const id = more.id ?? 'pool';
  await stand.client.pool.add({
    id,
    vmSize: 'standard_d4s_v5',
    virtualMachineConfiguration: UBUNTU,
    targetLowPriorityNodes: nodes,
    ...more,
  });
  return stand.until(async () => {
    const list = await stand.client.computeNode.list(id);
    return list.length === nodes && list.every(({ state }) => state === 'idle') && [...list];
  });
}

export async function taskDone(
  stand: Stand,
  jobId: string,
  taskId: string,
  stepSeconds?: number,
): Promise<BatchServiceModels.CloudTask> {
  return stand.until(async () => {
    const task = await stand.client.task.get(jobId, taskId);
    return task.state === 'completed' && task;
  }, stepSeconds);
}

/** The process number that a running task has written to its standard output. */
export async function printedPid(stand: Stand, jobId: string, taskId: string): Promise<number> {
  return stand.until(async () => {
    const text = await fileText(stand, jobId, taskId, 'stdout.txt').catch(() => '');
    return text !== '' && Number(text);
  }, 0);
}

export async function fileText(
  stand: Stand,
  jobId: string,
  taskId: string,
  name: string,
): Promise<string> {
  const { readableStreamBody } = await stand.client.file.getFromTask(jobId, taskId, name);
  if (readableStreamBody === undefined) return '';
  const chunks: Buffer[] = [];
  for await (const chunk of readableStreamBody) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}
