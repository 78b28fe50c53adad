import { endOf, historyFacts, isOf } from '../facts';
import type { Hub } from '../hub';
import type { Scenario, Scenarios } from './scenario';

/** Settings of the section `durableTask` of host.json, and what they lead to. */
export interface VersionCase {
  readonly settings: Readonly<Record<string, string>>;
  readonly scenarios: Scenarios;
}

/** Runs an instance to its end, and returns the versions in its history too. */
async function versionsOf(hub: Hub, id: string, version?: string): Promise<unknown> {
  await hub.start('tellsVersions', id, undefined, version);
  const end = endOf(await hub.ended(id));
  const history = hub
    .history(id)
    .filter(
      (event) => isOf('ExecutionStarted')(event) || isOf('SubOrchestrationInstanceCreated')(event),
    );
  return { ...end, history: historyFacts(history) };
}

const ofNone: Scenario = (hub, id) => versionsOf(hub, id);

/** An instance of that version that waits, while a later one ends. */
async function waiting(hub: Hub, id: string, version: string): Promise<unknown> {
  await hub.start('tellsVersions', id, undefined, version);
  await hub.run('tellsVersions', `${id}-later`);
  const { runtimeStatus } = await hub.until(id, () => true);
  return { runtimeStatus, turns: hub.turns(id).length };
}

export const versionCases: readonly VersionCase[] = [
  {
    settings: {},
    scenarios: {
      'without a default version instances that name none have none': ofNone,
      'without a default version an instance of any version waits': (hub, id) =>
        waiting(hub, id, '0.1'),
    },
  },
  {
    settings: { versionMatchStrategy: 'None' },
    scenarios: {
      'with None an instance of any version runs': (hub, id) => versionsOf(hub, id, '0.1'),
    },
  },
  {
    settings: { defaultVersion: '2.0' },
    scenarios: {
      'instances that name no version, and their children, have the default one': ofNone,
      'an instance of an older version runs, and its child has the default version': (hub, id) =>
        versionsOf(hub, id, '1.10'),
      'an instance of a newer version waits for an app of its version': (hub, id) =>
        waiting(hub, id, '2.1'),
    },
  },
  {
    settings: {
      defaultVersion: '2.0',
      versionMatchStrategy: 'Strict',
      versionFailureStrategy: 'Fail',
    },
    scenarios: {
      'with Strict an instance of the default version runs': ofNone,
      'with Strict and Fail an instance of an older version fails': async (hub, id) => {
        await hub.start('tellsVersions', id, undefined, '1.0');
        return { ...endOf(await hub.ended(id)), turns: hub.turns(id).length };
      },
    },
  },
];
