import { afterAll, beforeAll, expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAzurite, type Azurite } from '../local/functions/azurite';
import { startEngine, type Engine } from './engine';
import { Hub } from './hub';
import { registerPrograms } from './programs/all';
import { recordedOr } from './recording';
import { registerTriggers } from './programs/triggers';
import { scenarios } from './scenarios/all';
import { prepareTriggers, triggerScenarios } from './trigger-facts';
import { startWorker, type Worker } from './worker';
import { isMissing, skipped } from './missing';

/** The scenarios run at the same time, since most of them only wait for the engine. */
const TIMEOUT_MS = 300_000;
const POLL_MS = 150;

let azurite: Azurite;
let worker: Worker;
let engine: Engine;
const observed = new Map<string, Promise<unknown>>();

beforeAll(async () => {
  if (isMissing) return;
  azurite = await startAzurite();
  const storage = await prepareTriggers(azurite.connectionString);
  worker = await startWorker({ environment: {}, log: () => {}, register });
  engine = await startEngine({
    worker,
    connectionString: azurite.connectionString,
    extensions: { durableTask: SETTINGS, queues: { maxPollingInterval: '00:00:00.500' } },
  });
  for (const [title, scenario] of Object.entries(triggerScenarios))
    observe(title, scenario(storage));
  const pause = () => sleep(POLL_MS);
  const hub = new Hub({ rpcUrl: engine.rpcUrl, wait: pause, pause });
  let number = 0;
  for (const group of Object.values(scenarios))
    for (const [title, scenario] of Object.entries(group))
      observe(title, scenario(hub, `s${++number}`));
}, TIMEOUT_MS);

function register(): void {
  registerPrograms();
  registerTriggers();
}

/** The test of the scenario awaits it, perhaps long after it has failed. */
function observe(title: string, facts: Promise<unknown>): void {
  facts.catch(() => {});
  observed.set(title, facts);
}

afterAll(async () => {
  await engine?.stop();
  await worker?.close();
  await azurite?.stop();
}, TIMEOUT_MS);

const SETTINGS = {
  hubName: 'Facts',
  useAppLease: false,
  storageProvider: { partitionCount: 1, maxQueuePollingInterval: '00:00:00.200' },
};

const cases = Object.entries({ ...scenarios, triggers: triggerScenarios }).flatMap(
  ([group, each]) => Object.keys(each).map((title) => ({ group, title })),
);

test.skipIf(isMissing).each(cases)(
  `on the real engine: $title${skipped}`,
  async ({ group, title }) => {
    const facts = await observed.get(title);
    expect(facts).toEqual(recordedOr(group, title, facts));
  },
  TIMEOUT_MS,
);
