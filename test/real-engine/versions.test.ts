import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAzurite, type Azurite } from '../local/functions/azurite';
import { startEngine } from './engine';
import { Hub } from './hub';
import { registerVersions } from './programs/versions';
import { recordedOr } from './recording';
import { versionCases } from './scenarios/versions';
import { startWorker, type Worker } from './worker';
import { isMissing, skipped } from './missing';

// Versions of instances are a matter of host.json: the engine starts once for each set of settings.

const TIMEOUT_MS = 300_000;
const POLL_MS = 150;

let azurite: Azurite;
let worker: Worker;
const observed = new Map<string, unknown>();

beforeAll(async () => {
  if (isMissing) return;
  azurite = await startAzurite();
  worker = await startWorker({ environment: {}, log: () => {}, register: registerVersions });
  for (const [index, each] of versionCases.entries()) await observe(each, index);
}, TIMEOUT_MS);
afterAll(async () => {
  await worker?.close();
  await azurite?.stop();
}, TIMEOUT_MS);

async function observe(
  { settings, scenarios }: (typeof versionCases)[number],
  index: number,
): Promise<void> {
  const durableTask = {
    ...settings,
    hubName: `Versions${index}`,
    useAppLease: false,
    storageProvider: { partitionCount: 1, maxQueuePollingInterval: '00:00:00.200' },
  };
  const { connectionString } = azurite;
  const engine = await startEngine({ worker, connectionString, extensions: { durableTask } });
  try {
    const pause = () => sleep(POLL_MS);
    const hub = new Hub({ rpcUrl: engine.rpcUrl, wait: pause, pause });
    const facts = Object.entries(scenarios).map(async ([title, scenario], number) => {
      observed.set(title, await scenario(hub, `v${index}${number}`));
    });
    await Promise.all(facts);
  } finally {
    // An instance that waits for another version would delay a regular end.
    await engine.kill();
  }
}

const titles = versionCases.flatMap(({ scenarios }) => Object.keys(scenarios));

test.skipIf(isMissing).each(titles)(`on the real engine: %s${skipped}`, (title) => {
  const facts = observed.get(title);
  expect(facts).toEqual(recordedOr('versions', title, facts));
});
