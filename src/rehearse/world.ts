import { GENTLE, type BatchWeather } from './batch-state';
import { Chance } from './chance';
import { HOUR, MINUTE } from './clock';
import { drawFault, drawMainFault, type Fault } from './faults';

/** A world as its seed draws it: apps, what starts their runs, what goes wrong. Data alone. */
export interface WorldPlan {
  readonly seed: number;
  readonly apps: readonly AppPlan[];
  readonly occurrences: readonly OccurrencePlan[];
  readonly faults: readonly Fault[];
  readonly weather: BatchWeather;
  /** Of all calls of ports, those that take seconds, so that activities overlap. */
  readonly slowCalls: number;
  /** Time between two passes of the reconciler. */
  readonly passMinutes: number;
}

export interface AppPlan {
  readonly id: string;
  readonly workloads: readonly string[];
  /** The schedule of each workload that has one; its due times are the occurrences. */
  readonly crons: Readonly<Record<string, string>>;
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

/** The trigger of each workload; a follower is started by the workload that it follows. */
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
  const hours = chance.pick('hours', [1, 1, 2, 3]);
  const drawn = drawApps(chance).map((app) => ({ app, times: drawTimes(chance, app, hours) }));
  const apps = drawn.map(({ app, times }) => ({ ...app, crons: cronsIn(times) }));
  const occurrences = drawn.flatMap(({ app, times }) => occurrencesAt(app, times));
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
    faults: Array.from({ length: many }, (_, index) =>
      index === 0
        ? drawMainFault(chance, 'fault 0', span)
        : drawFault(chance, `fault ${index}`, span),
    ),
    weather: many === 0 ? GENTLE : drawWeather(chance),
    slowCalls: chance.pick('slow calls', [0, 0, 0.02, 0.1]),
    passMinutes: chance.pick('pass minutes', [5, 5, 10, 15]),
  };
}

type AppDrawn = Omit<AppPlan, 'crons'>;

function drawApps(chance: Chance): readonly AppDrawn[] {
  const count = chance.is('two apps', 0.06) ? 2 : 1;
  return ['one', 'two'].slice(0, count).map((id) => {
    const names = Object.keys(STARTS);
    const chosen = names.filter((name) => chance.is(`${id} has ${name}`, 0.22));
    const workloads =
      chosen.length > 0 ? chosen : [chance.pick(`${id} has`, ['nightly', 'tiles', 'fit'])];
    return { id, workloads: workloads.includes('nightly') ? [...workloads, 'digest'] : workloads };
  });
}

/** Times and trigger of the starts of a workload. */
interface Times {
  readonly workload: string;
  readonly kind: OccurrencePlan['kind'];
  readonly cron: string | null;
  /** Minutes from the start of the world. */
  readonly minutes: readonly number[];
}

function drawTimes(chance: Chance, { id, workloads }: AppDrawn, hours: number): readonly Times[] {
  return workloads.flatMap((workload): readonly Times[] => {
    const kind = STARTS[workload];
    if (kind === undefined) return [];
    const many = workload === 'marathon' ? 1 : chance.pick(`${id} ${workload} times`, [1, 1, 2, 3]);
    const key = `${id} ${workload}`;
    if (kind === 'schedule') return [{ workload, kind, ...drawSchedule(chance, key, hours, many) }];
    // Runs that queue come close to one another.
    const span = workload === 'chunks' ? 30 : hours * 60;
    const minutes = Array.from({ length: many }, (_, index) =>
      chance.whole(`${key} ${index} minute`, 0, span),
    );
    return [{ workload, kind, cron: null, minutes }];
  });
}

/** Due times of one day, hours or a few minutes apart: then runs overlap. */
function drawSchedule(chance: Chance, key: string, hours: number, many: number) {
  const hour = chance.whole(`${key} hour`, 0, hours - 1);
  const minute = chance.whole(`${key} minute`, 0, 50);
  const isClose = chance.is(`${key} close`, 0.5);
  const step = isClose ? chance.pick(`${key} step`, [1, 4]) : 60;
  const minutes = Array.from({ length: many }, (_, index) => hour * 60 + minute + index * step);
  const list = (values: readonly number[]) => [...new Set(values)].join(',');
  const cron = `0 ${list(minutes.map((at) => at % 60))} ${list(minutes.map((at) => Math.floor(at / 60)))} 1 1 *`;
  return { cron, minutes };
}

function cronsIn(times: readonly Times[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    times.flatMap(({ workload, cron }) => (cron === null ? [] : [[workload, cron]])),
  );
}

function occurrencesAt({ id }: AppDrawn, times: readonly Times[]): OccurrencePlan[] {
  return times.flatMap(({ workload, kind, minutes }) =>
    minutes.map((minute, index) => ({
      kind,
      app: id,
      workload,
      at: START + minute * MINUTE,
      key: `${id}-${workload}-${index}`,
    })),
  );
}

function drawWeather(chance: Chance): BatchWeather {
  const rarely = (name: string, share: number) => (chance.is(`weather ${name}`, 0.12) ? share : 0);
  return {
    allocationSeconds: chance.pick('allocation', [30, 60, 180]),
    bootSeconds: chance.pick('boot', [30, 90, 240]),
    deletionSeconds: chance.pick('deletion', [5, 40, 40, 300]),
    taskMinutes: chance.pick('task minutes', [
      [0.2, 2],
      [1, 10],
      [5, 25],
    ]),
    startTasksThatFail: rarely('start task', chance.pick('start task', [0.3, 1])),
    startTasksThatHang: rarely('set-up hangs', chance.pick('set-up hangs', [0.3, 1])),
    nodesThatStay: rarely('stays', chance.pick('stays', [0.3, 1])),
    formulaErrors: rarely('formula', chance.pick('formula', [0.5, 1])),
    deletionsThatHang: rarely('deletion hangs', 0.3),
    nodesUnusable: rarely('unusable', chance.pick('unusable', [0.3, 1])),
    preparationsThatFail: rarely('preparation', chance.pick('preparation', [0.3, 1])),
    attemptsThatFail: rarely('attempts', 0.2),
    tasksThatFail: rarely('tasks', chance.pick('tasks', [0.1, 0.3])),
    managersThatFail: rarely('managers', 0.5),
    tasksThatHang: rarely('hang', 0.1),
    outputsMissing: rarely('outputs', 0.3),
  };
}
