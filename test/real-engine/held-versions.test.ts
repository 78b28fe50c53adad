import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../local/functions/testing';
import { Hub } from './hub';
import { registerVersions } from './programs/versions';
import { recorded } from './recording';
import { versionCases } from './scenarios/versions';

// Needs no .NET: versions of instances on the host of this repository are held to those of the real
// engine.

let testHub: TestHub;

afterEach(() => testHub.close());

async function wait(): Promise<void> {
  await testHub.settled();
  await testHub.stepToNextAlarm();
}

// Instances have the ids that they have in the recording.
const cases = versionCases.flatMap(({ settings, scenarios }, index) =>
  Object.entries(scenarios).map(([title, scenario], number) => ({
    title,
    settings,
    observe: (hub: Hub) => scenario(hub, `v${index}${number}`),
  })),
);

test.each(cases)('as on the real engine: $title', async ({ title, settings, observe }) => {
  const variables = Object.entries(settings).map(([name, value]) => [
    `AzureFunctionsJobHost__extensions__durableTask__${name}`,
    value,
  ]);
  testHub = await startTestHub({
    register: registerVersions,
    environment: Object.fromEntries(variables) as Readonly<Record<string, string>>,
  });
  const hub = new Hub({ rpcUrl: testHub.host.rpcUrl, wait, pause: setImmediate });

  expect(await observe(hub)).toEqual(recorded('versions', title));
});
