import { QueueServiceClient, type DequeuedMessageItem } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { realClock, SteppedClock } from '../../../../local/clock';
import { QueueListener } from '../../../../local/functions/triggers/queue-listener';
import { startAzurite, type Azurite } from '../azurite';
import { until } from '../host-process';

let azurite: Azurite;

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());

function listenerOn(
  name: string,
  handle: (message: DequeuedMessageItem) => Promise<void>,
  hideSeconds: number,
  clock = realClock,
) {
  const queues = QueueServiceClient.fromConnectionString(azurite.connectionString);
  const queue = queues.getQueueClient(name);
  const listener = new QueueListener({
    queue,
    poison: queues.getQueueClient(`${name}-poison`),
    clock,
    log: () => {},
    handle,
    batchSize: 1,
    newBatchThreshold: 1,
    maxDequeueCount: 5,
    hideSeconds,
    retrySeconds: 0,
    maxWaitMs: 60_000,
  });
  return { queue, listener };
}

test('a message stays hidden as long as it is processed', async () => {
  let taken = 0;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const { queue, listener } = listenerOn(
    'renewed',
    () => {
      taken++;
      return finished;
    },
    1,
  );
  await queue.create();
  await queue.sendMessage('x');
  listener.start();
  await until(() => Promise.resolve(taken === 1 ? true : undefined));
  // Hidden for one second at a time; three times that would show it again.
  await new Promise((resolve) => {
    setTimeout(resolve, 3000);
  });
  const { receivedMessageItems: shown } = await queue.receiveMessages();
  finish();
  await listener.stop();

  expect({ taken, shown }).toEqual({ taken: 1, shown: [] });
  expect((await queue.getProperties()).approximateMessagesCount).toBe(0);
});

test('an empty queue is polled less and less often, on the clock', async () => {
  const clock = new SteppedClock('2030-01-01T00:00:00Z');
  const { queue, listener } = listenerOn('idle', () => Promise.resolve(), 30, clock);
  await queue.create();
  listener.start();
  const waits: number[] = [];
  for (let i = 0; i < 11; i++) {
    const next = await until(() => Promise.resolve(clock.next()));
    waits.push(next.getTime() - clock.now().getTime());
    clock.stepTo(next);
  }
  await listener.stop();

  expect(waits).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
});

test('a message that is in transit when the listener stops is still processed', async () => {
  let worked = 0;
  const { queue, listener } = listenerOn('late', async () => void worked++, 600);
  await queue.create();
  await queue.sendMessage('x');
  listener.start();
  await listener.stop();

  expect(worked).toBe(1);
  expect((await queue.getProperties()).approximateMessagesCount).toBe(0);
});
