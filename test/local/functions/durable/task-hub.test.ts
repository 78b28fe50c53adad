import { expect, test } from 'vitest';
import { SteppedClock } from '../../../../local/clock';
import type { DurableFunctions } from '../../../../local/functions/durable/orchestration-turn';
import { MemoryStore, type Store } from '../../../../local/functions/durable/store';
import * as client from '../../../../local/functions/durable/client';
import { TaskHub } from '../../../../local/functions/durable/task-hub';
import { readHostSettings } from '../../../../local/functions/settings';

/** A store whose writes last until they are let through. */
class SlowStore implements Store {
  readonly #inner = new MemoryStore();
  readonly state = this.#inner.state;
  readonly #waiting: (() => void)[] = [];

  commit(record: Parameters<Store['commit']>[0]): ReturnType<Store['commit']> {
    const { touched } = this.#inner.commit(record);
    const written = new Promise<void>((resolve) => this.#waiting.push(resolve));
    return { touched, written };
  }

  settled(): Promise<void> {
    return this.#inner.settled();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Lets through what waits; how much that was. */
  write(): number {
    const waiting = this.#waiting.splice(0);
    for (const resolve of waiting) resolve();
    return waiting.length;
  }
}

/** One orchestrator, which asks for one activity and returns what it gives. */
function functionsThat(ran: string[]): DurableFunctions {
  const actions = [[{ actionType: 0, functionName: 'act', input: 'x' }]];
  return {
    has: () => true,
    names: () => [],
    run: (kind, name, _, input) => {
      ran.push(`${kind} ${name}`);
      const isDone = kind === 'orchestration' && input.string?.includes('"EventType":5') === true;
      const state = { isDone, actions, output: 'done' };
      return Promise.resolve({ returnValue: { json: JSON.stringify(state) } });
    },
  };
}

/** As long as the hub can take to do something by itself. */
async function aMoment(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
}

test('no work starts, and no caller is notified, before its cause is written', async () => {
  const store = new SlowStore();
  const ran: string[] = [];
  let ended = false;
  const hub = new TaskHub({
    store,
    clock: new SteppedClock('2030-01-01T00:00:00Z'),
    settings: readHostSettings(undefined, {}).durable,
    functions: functionsThat(ran),
    log: () => {},
    newId: () => 'x',
    onEnded: () => {
      ended = true;
    },
  });
  let isStarted = false;
  const starting = client.startNew(hub, { name: 'one', id: 'a', input: null }).then(() => {
    isStarted = true;
  });
  await aMoment();
  const beforeWrite = { isStarted, ran: [...ran] };
  store.write();
  await starting;
  await aMoment();
  const atTheEnd = { ran: [...ran], status: hub.find('a')?.status, ended };
  store.write();
  await aMoment();

  expect(beforeWrite).toEqual({ isStarted: false, ran: ['orchestration one'] });
  expect(atTheEnd).toEqual({
    ran: ['orchestration one', 'activity act', 'orchestration one'],
    status: 'Completed',
    ended: false,
  });
  expect(ended).toBe(true);
});
