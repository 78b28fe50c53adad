import { QueueServiceClient, type DequeuedMessageItem } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Clock, realClock, SteppedClock } from '../../../../local/clock';
import { QueueListener } from '../../../../local/functions/triggers/queue-listener';
import { startAzurite, type Azurite } from '../azurite';
import { temporaryFolder, until } from '../host-process';

let azurite: Azurite;

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());

interface ListenerParts {
  readonly clock: Clock;
  readonly dataFolder: string | undefined;
  readonly log: (line: string) => void;
}

function listenerOn(
  name: string,
  handle: (message: DequeuedMessageItem) => Promise<void>,
  hideSeconds: number,
  { clock = realClock, dataFolder, log = () => {} }: Partial<ListenerParts> = {},
) {
  const queues = QueueServiceClient.fromConnectionString(azurite.connectionString);
  const queue = queues.getQueueClient(name);
  const listener = new QueueListener({
    queue,
    poison: queues.getQueueClient(`${name}-poison`),
    clock,
    log: (_, line) => log(line),
    handle,
    subjectOf: ({ messageText }) => `blob inbox/${messageText}`,
    dataFolder,
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
  const { queue, listener } = listenerOn('idle', () => Promise.resolve(), 30, { clock });
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

test('a message that was in progress when its host was killed is named at the next start, until it is visible again', async () => {
  const dataFolder = temporaryFolder();
  const lines: string[] = [];
  const start = (handle: () => Promise<void>) => {
    const parts = { dataFolder, log: (line: string) => void lines.push(line) };
    const started = listenerOn('hidden', handle, 600, parts);
    started.listener.start();
    return started;
  };
  const { queue } = listenerOn('hidden', () => Promise.resolve(), 600);
  await queue.create();
  await queue.sendMessage('a.csv');
  let isTaken = false;
  // It never ends, as the handling of a process that was killed.
  start(() => {
    isTaken = true;
    return new Promise(() => {});
  });
  await until(() => Promise.resolve(isTaken || undefined));

  const next = start(() => Promise.resolve());
  await next.listener.stop();
  const after = start(() => Promise.resolve());
  await after.listener.stop();

  const [line = '', again] = lines;
  expect(line).toMatch(
    /^blob inbox\/a\.csv was being handled when the host ended; as in Azure its message stays hidden, until \d{4}-\S+Z in real time at the latest, and is then handled again$/,
  );
  // The time does not move with each start.
  expect([again, lines.length]).toEqual([line, 2]);
});

test('a message that was handled to its end is not named at the next start', async () => {
  const dataFolder = temporaryFolder();
  const lines: string[] = [];
  const parts = { dataFolder, log: (line: string) => void lines.push(line) };
  const { queue, listener } = listenerOn('handled', () => Promise.resolve(), 600, parts);
  await queue.create();
  await queue.sendMessage('a.csv');
  listener.start();
  await until(async () =>
    (await queue.getProperties()).approximateMessagesCount === 0 ? true : undefined,
  );
  await listener.stop();
  const next = listenerOn('handled', () => Promise.resolve(), 600, parts);
  next.listener.start();
  await next.listener.stop();

  expect(lines).toEqual([]);
});
