import { afterAll, beforeAll, expect, test } from 'vitest';
import { realClock } from '../../local/clock';
import { startHost, type RunningHost } from '../../local/functions/host';
import { startAzurite, type Azurite } from '../local/functions/azurite';
import { registerTriggers } from './programs/triggers';
import { recorded } from './recording';
import { prepareTriggers, triggerScenarios, type TriggerStorage } from './trigger-facts';

// Needs no .NET: the triggers of this repository's host are held to those of the real extension.

let azurite: Azurite;
let host: RunningHost;
let storage: TriggerStorage;

beforeAll(async () => {
  azurite = await startAzurite();
  storage = await prepareTriggers(azurite.connectionString);
  host = await startHost({
    register: registerTriggers,
    clock: realClock,
    environment: { AzureWebJobsStorage: azurite.connectionString },
    log: () => {},
    blobPollMs: 100,
  });
}, 120_000);
afterAll(async () => {
  await host.close();
  await azurite.stop();
});

test.each(Object.entries(triggerScenarios))(
  'as on the real engine: %s',
  async (title, scenario) => {
    expect(await scenario(storage)).toEqual(recorded('triggers', title));
  },
  120_000,
);
