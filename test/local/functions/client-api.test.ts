import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  fixture,
  startHostProcess,
  temporaryFolder,
  until,
  type HostProcess,
} from './host-process';

// The client library's own calls, over the wire, to a host in a process of its own.

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess({ app: fixture('sample'), data: temporaryFolder() });
});
afterAll(async () => {
  host.kill('SIGTERM');
  await host.ended;
});

interface Result {
  readonly value?: unknown;
  readonly error?: string;
}

async function call(method: string, ...args: unknown[]): Promise<Result> {
  const response = await fetch(`${host.url}/api/client/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(args),
  });
  return (await response.json()) as Result;
}

interface Status {
  readonly runtimeStatus: string;
  readonly output: unknown;
  readonly input: unknown;
}

function ended(id: string): Promise<Status> {
  return until(async () => {
    const { value } = await call('getStatus', id, { showInput: true });
    const status = value as Status;
    return ['Running', 'Pending', 'Suspended'].includes(status.runtimeStatus) ? undefined : status;
  });
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** A request to the management API as callers see it. */
function manage(method: string, path: string, body?: string): Promise<Response> {
  return fetch(`${host.url}/runtime/webhooks/durabletask/${path}`, {
    method,
    ...(body === undefined ? {} : { body, headers: JSON_TYPE }),
  });
}

test('an instance is started by name and its status is returned', async () => {
  expect(await call('startNew', 'echoes', { instanceId: 'a1', input: { n: 1 } })).toEqual({
    value: 'a1',
  });

  expect(await ended('a1')).toMatchObject({
    name: 'echoes',
    runtimeStatus: 'Completed',
    input: { n: 1 },
    output: { n: 1 },
  });
});

test('an instance without an id gets one of 32 hex digits', async () => {
  const { value } = await call('startNew', 'echoes');

  expect(value).toMatch(/^[0-9a-f]{32}$/);
});

test('no input arrives as the empty string, as the library sends it', async () => {
  await call('startNew', 'echoes', { instanceId: 'a2' });

  expect((await ended('a2')).input).toBe('');
});

test('an unknown orchestrator is refused with the names of the known ones', async () => {
  const { error } = await call('startNew', 'nobody');

  expect(error).toContain('status code: 400');
  expect(error).toContain("The function 'nobody' doesn't exist, is disabled, or is not an");
  expect(error).toContain("'echoes', 'chain', 'fan'");
});

test('the id of an instance that runs is refused; the id of one that has ended is free', async () => {
  await call('startNew', 'listens', { instanceId: 'b1' });
  const refused = await call('startNew', 'listens', { instanceId: 'b1' });
  await call('raiseEvent', 'b1', 'Word', 'x');
  await ended('b1');
  const again = await call('startNew', 'echoes', { instanceId: 'b1', input: 2 });

  expect(refused.error).toMatch(
    /status code: 409.*An Orchestration instance with the status (Running|Pending) already exists\./,
  );
  expect(again).toEqual({ value: 'b1' });
  expect((await ended('b1')).output).toBe(2);
});

test.each([
  ['@a', 'Orchestration instance ids must not start with @.'],
  [`a%23b`, 'Orchestration instance ids must not contain'],
  ['x'.repeat(257), 'Instance ID lengths must not exceed 256 characters.'],
])('the id %s is refused', async (id, words) => {
  const response = await manage('POST', `orchestrators/echoes/${id}`, '1');

  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    Message: 'One or more of the arguments submitted is incorrect',
    ExceptionMessage: expect.stringContaining(words),
    ExceptionType: 'System.ArgumentException',
  });
});

test('an event reaches its instance; one to an unknown instance is refused, one to an ended instance is ignored', async () => {
  await call('startNew', 'listens', { instanceId: 'c1' });
  await call('raiseEvent', 'c1', 'Word', { said: true });

  expect((await ended('c1')).output).toEqual({ said: true });
  expect(await call('raiseEvent', 'c1', 'Word', 1)).toEqual({ value: null });
  expect(await call('raiseEvent', 'nobody', 'Word', 1)).toEqual({
    error: "No instance with ID 'nobody' found.",
  });
});

test('events must be JSON, and come as application/json', async () => {
  await call('startNew', 'listens', { instanceId: 'c2' });
  const path = 'instances/c2/raiseEvent/Word';
  const notJson = await manage('POST', path, '{');
  const text = await fetch(`${host.rpcUrl}${path}`, { method: 'POST', body: 'x' });

  expect([notJson.status, await notJson.json()]).toEqual([
    400,
    { Message: 'Invalid JSON content' },
  ]);
  expect([text.status, await text.json()]).toEqual([
    400,
    { Message: 'Only application/json request content is supported' },
  ]);
});

test('terminate, suspend and resume change the status of an instance', async () => {
  await call('startNew', 'listens', { instanceId: 'd1' });
  await call('suspend', 'd1', 'later');
  await until(async () => {
    const { value } = await call('getStatus', 'd1');
    return (value as Status).runtimeStatus === 'Suspended' ? true : undefined;
  });
  expect((await call('suspend', 'd1', 'again')).error).toContain(
    'Cannot suspend the orchestration instance d1 because instance is in the Suspended state.',
  );
  await call('resume', 'd1', 'now');
  await until(async () => {
    const { value } = await call('getStatus', 'd1');
    return (value as Status).runtimeStatus === 'Running' ? true : undefined;
  });
  expect((await call('resume', 'd1', 'again')).error).toContain(
    'Cannot resume the orchestration instance d1 because instance is in the Running state.',
  );
  await call('terminate', 'd1', 'enough');

  expect(await ended('d1')).toMatchObject({ runtimeStatus: 'Terminated', output: 'enough' });
  expect(await call('terminate', 'd1', 'again')).toEqual({ value: null });
});

test('the status of an unknown instance rejects', async () => {
  const { error } = await call('getStatus', 'nobody');

  expect(error).toContain('replied with HTTP 404');
});

test('instances are listed by status, prefix and time, in pages', async () => {
  for (const n of [1, 2, 3])
    await call('startNew', 'echoes', { instanceId: `list-${n}`, input: n });
  await call('startNew', 'broken', { instanceId: 'list-bad' });
  for (const id of ['list-1', 'list-2', 'list-3', 'list-bad']) await ended(id);

  const failed = (await call('getStatusBy', { runtimeStatus: ['Failed'] })).value;
  const first = await manage('GET', 'instances/?instanceIdPrefix=list-&top=3&showInput=false');
  const token = first.headers.get('x-ms-continuation-token') ?? '';
  const second = await fetch(
    `${host.rpcUrl}instances/?instanceIdPrefix=list-&top=3&createdTimeFrom=2020-01-01`,
    { headers: { 'x-ms-continuation-token': token } },
  );
  const ids = async (response: Response) =>
    ((await response.json()) as { instanceId: string }[]).map(({ instanceId }) => instanceId);

  expect(failed).toMatchObject([{ instanceId: 'list-bad', runtimeStatus: 'Failed' }]);
  expect(await ids(first)).toEqual(['list-1', 'list-2', 'list-3']);
  expect(await ids(second)).toEqual(['list-bad']);
  expect(second.headers.get('x-ms-continuation-token')).toBeNull();
  expect((await call('getStatusAll')).value).toHaveLength(
    ((await (await manage('GET', 'instances?top=1000')).json()) as []).length,
  );
});

test('one instance is purged by id, the ended ones by filter', async () => {
  await call('startNew', 'echoes', { instanceId: 'p1', input: 1 });
  await ended('p1');
  const one = await call('purgeInstanceHistory', 'p1');
  const none = await call('purgeInstanceHistory', 'p1');
  await call('startNew', 'broken', { instanceId: 'p2' });
  await ended('p2');
  await call('startNew', 'listens', { instanceId: 'p3' });
  const many = await call('purgeInstanceHistoryBy', {
    createdTimeFrom: '2020-01-01T00:00:00Z',
    runtimeStatus: ['Failed', 'Running'],
  });

  expect([one, none]).toEqual([
    { value: { instancesDeleted: 1 } },
    { value: { instancesDeleted: 0 } },
  ]);
  expect((many.value as { instancesDeleted: number }).instancesDeleted).toBeGreaterThan(0);
  expect((await call('getStatus', 'p2')).error).toContain('404');
  expect((await call('getStatus', 'p3')).value).toMatchObject({ instanceId: 'p3' });
});

test('a purge by filter requires a time', async () => {
  const response = await manage('DELETE', 'instances/');

  expect([response.status, await response.json()]).toEqual([
    400,
    "Please provide value for 'createdTimeFrom' parameter.",
  ]);
});

test('a running instance is not purged by its id before it has ended', async () => {
  await call('startNew', 'listens', { instanceId: 'p4' });
  const running = await call('purgeInstanceHistory', 'p4');
  const { status } = await manage('DELETE', 'instances/p4');
  await call('raiseEvent', 'p4', 'Word', 'x');
  const output = (await ended('p4')).output;

  expect(running.error).toContain('status code: 412');
  expect([status, output]).toEqual([412, 'x']);
  expect(await call('purgeInstanceHistory', 'p4')).toEqual({ value: { instancesDeleted: 1 } });
});

test('a failed instance can be rewound, a completed one cannot', async () => {
  await call('startNew', 'broken', { instanceId: 'w1' });
  await ended('w1');
  const rewound = await call('rewind', 'w1', 'again');

  expect(rewound).toEqual({ value: null });
  expect(await ended('w1')).toMatchObject({ runtimeStatus: 'Failed' });
  expect((await manage('POST', 'instances/a1/rewind?reason=x')).status).toBe(412);
  expect(await call('rewind', 'nobody', 'x')).toEqual({
    error: 'No orchestration with instance ID "$nobody" found.',
  });
});

test('an instance is restarted with the same id or a new one', async () => {
  await call('startNew', 'echoes', { instanceId: 'r1', input: 5 });
  await ended('r1');
  const same = await manage('POST', 'instances/r1/restart?restartWithNewInstanceId=false');
  const other = await manage('POST', 'instances/r1/restart');
  const { id } = (await other.json()) as { id: string };

  expect([same.status, other.status]).toEqual([202, 202]);
  expect(id).not.toBe('r1');
  expect((await ended(id)).output).toBe(5);
});

test('the history has types as names, and outputs only on request', async () => {
  await call('startNew', 'echoes', { instanceId: 'h1', input: 5 });
  await ended('h1');
  const response = await manage('GET', 'instances/h1?showHistory=true&showHistoryOutput=true');
  const { historyEvents } = (await response.json()) as { historyEvents: object[] };

  expect(historyEvents).toEqual([
    {
      EventType: 'ExecutionStarted',
      FunctionName: 'echoes',
      Timestamp: expect.any(String),
      Input: '5',
    },
    {
      EventType: 'TaskCompleted',
      FunctionName: 'echo',
      Result: 5,
      Input: null,
      ScheduledTime: expect.any(String),
      Timestamp: expect.any(String),
    },
    {
      EventType: 'ExecutionCompleted',
      OrchestrationStatus: 'Completed',
      Result: 5,
      Timestamp: expect.any(String),
    },
  ]);
});

test('the status of a failed instance has status code 200, or 500 on request', async () => {
  await call('startNew', 'broken', { instanceId: 'f1' });
  await ended('f1');

  expect((await manage('GET', 'instances/f1')).status).toBe(200);
  expect((await manage('GET', 'instances/f1?returnInternalServerErrorOnFailure=true')).status).toBe(
    500,
  );
});

test('a check-status response leads to the instance on the host’s own port', async () => {
  const response = await fetch(`${host.url}/api/orchestrators/echoes/l1`, {
    method: 'POST',
    body: '7',
  });
  const links = (await response.json()) as Record<string, string>;
  await ended('l1');

  expect(response.status).toBe(202);
  expect(response.headers.get('retry-after')).toBe('10');
  expect(links['statusQueryGetUri']).toBe(
    `${host.url}/runtime/webhooks/durabletask/instances/l1?taskHub=SampleHub&connection=AzureWebJobsStorage`,
  );
  const status = await fetch(links['statusQueryGetUri'] ?? '');
  expect(await status.json()).toMatchObject({ runtimeStatus: 'Completed', output: 7 });
});

test('waiting for an instance returns its output, or the links after the timeout', async () => {
  await call('startNew', 'echoes', { instanceId: 'l2', input: { done: true } });
  await call('startNew', 'listens', { instanceId: 'l3' });
  const quick = await fetch(`${host.url}/api/wait/l2`, { method: 'POST' });
  const slow = await fetch(`${host.url}/api/wait/l3`, { method: 'POST' });

  expect([quick.status, await quick.json()]).toEqual([200, { done: true }]);
  expect(slow.status).toBe(202);
  expect(await slow.json()).toMatchObject({ id: 'l3' });
});

test('a start can wait for the end by itself', async () => {
  const response = await manage(
    'POST',
    'orchestrators/echoes/l4?timeout=10&pollingInterval=1',
    '"x"',
  );

  expect([response.status, await response.json()]).toEqual([200, 'x']);
});

test('the response for a running instance has the address and the interval for polling', async () => {
  await call('startNew', 'listens', { instanceId: 'q1' });
  const response = await manage('GET', 'instances/q1');

  expect(response.status).toBe(202);
  expect(response.headers.get('location')).toBe(
    `${host.url}/runtime/webhooks/durabletask/instances/q1`,
  );
  expect(response.headers.get('retry-after')).toBe('5');
});

test('an unknown path of the API is 404', async () => {
  const paths = ['instances/a1/dance', 'orchestrators', 'nothing'];

  expect(await Promise.all(paths.map(async (path) => (await manage('POST', path)).status))).toEqual(
    [404, 404, 404],
  );
});
