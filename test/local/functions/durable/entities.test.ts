import * as df from 'durable-functions';
import type { EntityContext, Task } from 'durable-functions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../../../local/functions/testing';

let hub: TestHub;

beforeAll(async () => {
  hub = await startTestHub({ register });
});
afterAll(() => hub.close());

type Step = Generator<Task, unknown, never>;

function counter(context: EntityContext<number>): void {
  const { df: entity } = context;
  const count = entity.getState(() => 0) ?? 0;
  switch (entity.operationName) {
    case 'add':
      entity.setState(count + (entity.getInput<number>() ?? 0));
      return;
    case 'get':
      entity.return(count);
      return;
    case 'isNew':
      entity.return(entity.isNewlyConstructed);
      return;
    case 'tell':
      entity.signalEntity(
        new df.EntityId('Counter', entity.getInput<string>() ?? ''),
        'add',
        count,
      );
      return;
    case 'delete':
      entity.destructOnExit();
      return;
    default:
      throw new Error(`no such operation`);
  }
}

function register(): void {
  df.app.entity('Counter', counter);
  df.app.activity('nothing', { handler: () => null });
  df.app.orchestration('adds', function* (context): Step {
    const id = new df.EntityId('Counter', context.df.instanceId);
    const isNew = yield context.df.callEntity(id, 'isNew');
    context.df.signalEntity(id, 'add', 5);
    yield context.df.callActivity('nothing');
    yield context.df.callEntity(id, 'add', 2);
    return { isNew, count: yield context.df.callEntity(id, 'get') };
  });
  df.app.orchestration('asksWrongly', function* (context): Step {
    try {
      return yield context.df.callEntity(new df.EntityId('Counter', 'wrong'), 'dance');
    } catch (error) {
      return { error: (error as Error).message };
    }
  });
  df.app.orchestration('asksNobody', function* (context): Step {
    try {
      return yield context.df.callEntity(new df.EntityId('Nobody', 'x'), 'get');
    } catch (error) {
      return { error: (error as Error).message };
    }
  });
  // Reads, waits, writes: only a lock keeps another one from writing in between.
  df.app.orchestration('transfers', function* (context): Step {
    const { from, to, isLocking } = context.df.getInput<Transfer>();
    const [source, target] = [new df.EntityId('Counter', from), new df.EntityId('Counter', to)];
    const locks: df.DurableLock[] = [];
    if (isLocking) locks.push(yield context.df.lock(source, target));
    const [a, b]: [number, number] = [
      yield context.df.callEntity(source, 'get'),
      yield context.df.callEntity(target, 'get'),
    ];
    yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 1000));
    yield context.df.callEntity(source, 'add', -1);
    yield context.df.callEntity(target, 'add', 1);
    const isKept =
      ((yield context.df.callEntity(source, 'get')) as number) === a - 1 &&
      ((yield context.df.callEntity(target, 'get')) as number) === b + 1;
    for (const lock of locks) lock.release();
    return isKept;
  });
  df.app.orchestration('forgetsLock', function* (context): Step {
    yield context.df.lock(new df.EntityId('Counter', 'forgotten'));
    return context.df.isLocked().isLocked;
  });
}

interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly isLocking: boolean;
}

async function api(method: string, path: string, body?: unknown): Promise<[number, unknown]> {
  const response = await fetch(`${hub.host.rpcUrl}entities/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  return [response.status, text === '' ? undefined : JSON.parse(text)];
}

async function signal(key: string, operation: string, input?: unknown): Promise<number> {
  const [status] = await api('POST', `counter/${key}?op=${operation}`, input);
  await hub.settled();
  return status;
}

test('calls and signals reach an entity in the order they were sent', async () => {
  expect((await hub.run('adds', 'e1')).output).toEqual({ isNew: true, count: 7 });
});

test('a client signals an entity, reads its state and deletes it', async () => {
  const before = await api('GET', 'counter/c1');
  const signalled = [await signal('c1', 'add', 3), await signal('c1', 'add', 4)];
  const during = await api('GET', 'Counter/c1');
  const deleted = await api('DELETE', 'counter/c1');
  await hub.settled();

  expect({ before, signalled, during, deleted, after: await api('GET', 'counter/c1') }).toEqual({
    before: [404, undefined],
    signalled: [202, 202],
    during: [200, 7],
    deleted: [202, undefined],
    after: [404, undefined],
  });
});

test('entities are listed by name, with their states on request', async () => {
  await signal('l1', 'add', 1);
  await signal('l2', 'add', 2);
  const [, listed] = await api('GET', 'counter?fetchState=true');
  const [, none] = await api('GET', 'other');

  expect(none).toEqual([]);
  expect(listed).toEqual(
    expect.arrayContaining([
      { entityId: { name: 'counter', key: 'l1' }, lastOperationTime: expect.any(String), state: 1 },
      { entityId: { name: 'counter', key: 'l2' }, lastOperationTime: expect.any(String), state: 2 },
    ]),
  );
});

test('an entity signals another one', async () => {
  await signal('s1', 'add', 9);
  await signal('s1', 'tell', 's2');

  expect(await api('GET', 'counter/s2')).toEqual([200, 9]);
});

test('an operation that throws fails its caller and leaves the entity as it was', async () => {
  const { output } = await hub.run('asksWrongly', 'w1');

  expect(output).toEqual({ error: '[object Object]' });
  expect((await api('GET', 'counter/wrong'))[0]).toBe(404);
});

test('a call of an entity that does not exist fails, and a signal to it is refused', async () => {
  const { output } = await hub.run('asksNobody', 'w2');
  const [status, refusal] = await api('POST', 'nobody/x?op=get');
  const words = "The function 'nobody' doesn't exist, is disabled, or is not an entity function.";

  expect(output).toEqual({ error: expect.stringContaining(words) });
  expect([status, refusal]).toEqual([400, { Message: expect.stringContaining(words) }]);
});

async function transferring(isLocking: boolean): Promise<readonly unknown[]> {
  const prefix = isLocking ? 'locked' : 'open';
  const ids = Array.from({ length: 6 }, (_, i) => `${prefix}-${i}`);
  const [a, b] = [`${prefix}a`, `${prefix}b`];
  for (const [i, id] of ids.entries()) {
    const [from, to] = i % 2 === 0 ? [a, b] : [b, a];
    await hub.start('transfers', id, { from, to, isLocking });
  }
  const outputs: unknown[] = [];
  for (const id of ids) outputs.push((await hub.runToEnd(id)).output);
  return outputs;
}

test('with locks on two entities, in any order, no other orchestration interferes', async () => {
  expect(await transferring(true)).toEqual([true, true, true, true, true, true]);
});

test('without locks another orchestration interferes', async () => {
  expect(await transferring(false)).toContain(false);
});

test('a lock that an orchestration does not release is released when it ends', async () => {
  const first = (await hub.run('forgetsLock', 'f1')).output;
  const second = (await hub.run('forgetsLock', 'f2')).output;

  expect([first, second]).toEqual([true, true]);
});
