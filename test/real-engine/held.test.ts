import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../local/functions/testing';
import { differences } from './differences';
import { Hub } from './hub';
import { registerPrograms } from './programs/all';
import { recorded } from './recording';
import { scenarios } from './scenarios/all';

// Needs no .NET: the host of this repository is held to what was recorded on the real engine.

let testHub: TestHub;
let hub: Hub;

beforeAll(async () => {
  testHub = await startTestHub({ register: registerPrograms });
  hub = new Hub({ rpcUrl: testHub.host.rpcUrl, wait, pause: setImmediate });
});
afterAll(() => testHub.close());

async function wait(): Promise<void> {
  await testHub.settled();
  await testHub.stepToNextAlarm();
}

const cases = Object.entries(scenarios).flatMap(([group, each]) =>
  Object.entries(each).map(([title, scenario]) => ({ group, title, scenario })),
);

/** The facts of a scenario here. Its instances have the ids that they have in the recording. */
function factsHere({ title, scenario }: (typeof cases)[number]): Promise<unknown> {
  return scenario(hub, `s${cases.findIndex((each) => each.title === title) + 1}`);
}

test.each(cases.filter(({ title }) => differences[title] === undefined))(
  'as on the real engine: $title',
  async (each) => {
    expect(await factsHere(each)).toEqual(recorded(each.group, each.title));
  },
);

test.each(cases.filter(({ title }) => differences[title] !== undefined))(
  'unlike the real engine, on purpose: $title',
  async (each) => {
    expect(await factsHere(each)).toEqual(differences[each.title]);
    expect(differences[each.title]).not.toEqual(recorded(each.group, each.title));
  },
);
