import { GENTLE, type BatchWeather } from './batch-state';
import { Chance } from './chance';
import { HOUR, MINUTE } from './clock';
import { drawFault, type Fault } from './faults';

/** A world as its seed draws it: apps, what starts their runs, what goes wrong. Data alone. */
export interface WorldPlan {
  readonly seed: number;
  readonly apps: readonly AppPlan[];
  readonly occurrences: readonly OccurrencePlan[];
  readonly faults: readonly Fault[];
  readonly weather: BatchWeather;
  /** Of all calls of ports, those that take seconds, so that activities overlap. */
  readonly slowCalls: number;
}

export interface AppPlan {
  readonly id: string;
  readonly workloads: readonly string[];
}

export interface OccurrencePlan {
  readonly kind: 'schedule' | 'blob' | 'request';
  readonly app: string;
  readonly workload: string;
  readonly at: number;
  /** The idempotency key, or the name of the blob. */
  readonly key: string;
}

export const START = Date.parse('2030-01-01T00:00:00.000Z');

/** How each workload is started; what follows another is started by that. */
const STARTS: Readonly<Record<string, OccurrencePlan['kind']>> = {
  nightly: 'schedule',
  fit: 'schedule',
  warm: 'schedule',
  marathon: 'schedule',
  meshes: 'blob',
  tiles: 'request',
  graph: 'request',
  guest: 'request',
  standby: 'request',
  chunks: 'request',
};

export function drawWorld(seed: number): WorldPlan {
  const chance = new Chance(seed);
  const apps = drawApps(chance);
  const hours = chance.whole('hours', 1, 4);
  const occurrences = apps.flatMap((app) => drawOccurrences(chance, app, hours));
  const span = {
    from: START,
    until: START + (hours + 1) * HOUR,
    occurrences: occurrences.length,
  };
  const many = chance.is('no fault', 0.15) ? 0 : chance.whole('faults', 1, 6);
  return {
    seed,
    apps,
    occurrences,
    faults: Array.from({ length: many }, (_, index) => drawFault(chance, `fault ${index}`, span)),
    weather: many === 0 ? GENTLE : drawWeather(chance),
    slowCalls: chance.pick('slow calls', [0, 0, 0.02, 0.1]),
  };
}

function drawApps(chance: Chance): readonly AppPlan[] {
  const count = chance.is('two apps', 0.06) ? 2 : 1;
  return ['one', 'two'].slice(0, count).map((id) => {
    const names = Object.keys(STARTS);
    const chosen = names.filter((name) => chance.is(`${id} has ${name}`, 0.22));
    const workloads =
      chosen.length > 0 ? chosen : [chance.pick(`${id} has`, ['nightly', 'tiles', 'fit'])];
    return { id, workloads: workloads.includes('nightly') ? [...workloads, 'digest'] : workloads };
  });
}

function drawOccurrences(
  chance: Chance,
  { id, workloads }: AppPlan,
  hours: number,
): OccurrencePlan[] {
  return workloads.flatMap((workload) => {
    const kind = STARTS[workload];
    if (kind === undefined) return [];
    const many = chance.pick(`${id} ${workload} times`, [1, 1, 2, 3]);
    return Array.from({ length: many }, (_, index): OccurrencePlan => {
      const key = `${id} ${workload} ${index}`;
      const minutes = chance.whole(`${key} minute`, 0, hours * 60);
      // Two due times of a schedule are apart, if only by minutes: then runs overlap.
      const at =
        START + (kind === 'schedule' ? Math.floor(minutes / 10) * 10 + index : minutes) * MINUTE;
      return { kind, app: id, workload, at, key: key.replaceAll(' ', '-') };
    });
  });
}

function drawWeather(chance: Chance): BatchWeather {
  const rarely = (name: string, share: number) => (chance.is(`weather ${name}`, 0.12) ? share : 0);
  return {
    allocationSeconds: chance.pick('allocation', [30, 60, 180]),
    bootSeconds: chance.pick('boot', [30, 90, 240]),
    deletionSeconds: chance.pick('deletion', [5, 40, 300]),
    taskMinutes: chance.pick('task minutes', [
      [0.2, 2],
      [1, 10],
      [5, 25],
    ]),
    startTasksThatFail: rarely('start task', chance.pick('start task', [0.3, 1])),
    nodesUnusable: rarely('unusable', chance.pick('unusable', [0.3, 1])),
    preparationsThatFail: rarely('preparation', chance.pick('preparation', [0.3, 1])),
    attemptsThatFail: rarely('attempts', 0.2),
    tasksThatFail: rarely('tasks', chance.pick('tasks', [0.1, 0.3])),
    managersThatFail: rarely('managers', 0.5),
    tasksThatHang: rarely('hang', 0.1),
    outputsMissing: rarely('outputs', 0.3),
  };
}
