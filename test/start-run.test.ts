import { HttpRequest, InvocationContext } from '@azure/functions';
import { expect, test } from 'vitest';
import type { RunRequest } from '../src/run/run';
import type { WorkloadDeclaration } from '../src/workload/workload';
import { startRun } from '../src/start-run';
import { stopAllHandler } from '../src/api/stop-all';
import { MemoryHub, type InstanceState } from './hub';
import type { MemoryFiles } from './memory-files';
import { whole } from './run/given';
import { worldOf } from './run/world';
import { cancelBlob, RUNS_CONTAINER } from '../src/run/names';

const id = (workload: string, number: number) => `${workload}-${String(number).padStart(16, '0')}`;

/** Runs in every state of an instance, and an instance that is not a run. */
const inEveryState: readonly InstanceState[] = [
  { id: id('hello', 1), status: 'Pending' },
  { id: id('hello', 2), status: 'Running' },
  { id: id('hello', 3), status: 'Suspended' },
  { id: id('hello', 4), status: 'Completed' },
  { id: id('hello', 5), status: 'Failed' },
  { id: id('hello', 6), status: 'Terminated' },
  { id: id('hello', 7), status: 'Running', name: 'another' },
];
const going = [id('hello', 1), id('hello', 2), id('hello', 3)];

async function askedToEnd(files: MemoryFiles): Promise<readonly string[]> {
  const prefix = cancelBlob('');
  const found: string[] = [];
  for await (const { name } of files.list(RUNS_CONTAINER, prefix)) {
    found.push(name.slice(prefix.length));
  }
  return found;
}

async function replaceIn(
  standing: readonly InstanceState[],
  more: Partial<WorkloadDeclaration> = { overlap: 'replace' },
) {
  const { files, workload } = worldOf({ ...whole, ...more });
  const hub = new MemoryHub(standing);
  const request: RunRequest = {
    workload: 'hello',
    occurrence: { kind: 'request', key: 'new' },
    parameters: {},
  };
  const { runId } = await startRun({ client: hub.client, files }, workload, request);
  return { hub, runId, cancelled: await askedToEnd(files) };
}

test('a run that replaces others cancels queued, running and suspended runs, and no other', async () => {
  const { hub, runId, cancelled } = await replaceIn(inEveryState);

  expect(cancelled).toEqual(going);
  expect(hub.polled).toEqual(going);
  expect(hub.started).toEqual([runId]);
});

test('a run that replaces others cancels no run of a workload with a similar name', async () => {
  const others = ['hello-world', 'hello2', 'say-hello', 'hell'];
  const standing = others.map((name) => ({ id: id(name, 1), status: 'Running' }) as const);

  const { hub, cancelled } = await replaceIn([
    ...standing,
    { id: going[1] ?? '', status: 'Running' },
  ]);

  expect(cancelled).toEqual([going[1]]);
  expect(hub.polled).toEqual([going[1]]);
});

test('a run that does not replace others cancels none', async () => {
  const { hub, cancelled } = await replaceIn(inEveryState, {});

  expect([cancelled, hub.polled]).toEqual([[], []]);
});

test('a stop cancels every active run of every workload, and no other', async () => {
  const { files, tools } = worldOf(whole);
  const other = id('tiles', 1);
  const hub = new MemoryHub([...inEveryState, { id: other, status: 'Running' }]);
  const stopAll = stopAllHandler({ ports: tools, workloads: tools.workloads });

  const request = new HttpRequest({ method: 'DELETE', url: 'http://app/api/runs' });
  const answer = await stopAll(request, hub.client, new InvocationContext());

  expect(answer).toMatchObject({
    status: 202,
    jsonBody: { cancelled: [...going, other], removing: [], refused: [] },
  });
  expect(await askedToEnd(files)).toEqual([...going, other]);
  expect(hub.polled).toEqual([...going, other]);
});

test('a key that was used for one blob is rejected for another blob or none, and accepted for the same', async () => {
  const { files, workload } = worldOf({ ...whole, inputs: { container: 'inbox' } });
  const { client, started } = new MemoryHub();
  const startWith = (blob: Pick<RunRequest, 'blob'>) =>
    startRun({ client, files }, workload, {
      workload: 'hello',
      occurrence: { kind: 'request', key: 'the-key' },
      parameters: {},
      ...blob,
    });

  const { runId, isNew } = await startWith({ blob: 'a.csv' });

  expect(isNew).toBe(true);
  await expect(startWith({ blob: 'b.csv' })).rejects.toMatchObject({ code: 'keyReused' });
  await expect(startWith({})).rejects.toMatchObject({ code: 'keyReused' });
  expect(await startWith({ blob: 'a.csv' })).toEqual({ runId, isNew: false });
  expect(started).toEqual([runId]);
});
