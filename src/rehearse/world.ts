import type { AppLimits } from '../ledger/admission';
import type { BatchWeather } from './batch-state';
import { Chance } from './chance';
import { HOUR, MINUTE } from './clock';
import type { Fault } from './faults';
import { drawFaults, drawKind, drawWeather, SHAPES, type Shape, type WorldKind } from './kinds';

/** A world as its seed draws it: apps, what starts their runs, what goes wrong. Data alone. */
export interface WorldPlan {
  readonly seed: number;
  readonly kind: WorldKind;
  readonly apps: readonly AppPlan[];
  readonly occurrences: readonly OccurrencePlan[];
  readonly faults: readonly Fault[];
  readonly weather: BatchWeather;
  /** Of all calls of ports, those that take seconds, so that activities overlap. */
  readonly slowCalls: number;
  /** Most seconds that such a call takes. */
  readonly slowSeconds: number;
  /** Time between two passes of the reconciler. */
  readonly passMinutes: number;
}

export interface AppPlan {
  readonly id: string;
  readonly workloads: readonly string[];
  /** The schedule of each workload that has one; its due times are the occurrences. */
  readonly crons: Readonly<Record<string, string>>;
  readonly limits: Pick<AppLimits, 'maxActiveRuns' | 'maxStartsPerMinute'>;
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

/** Draws a world, of the kind that the seed has or of another one. */
export function drawWorld(seed: number, kind?: WorldKind): WorldPlan {
  const chance = new Chance(seed);
  const chosen = kind ?? drawKind(chance);
  const shape = SHAPES[chosen];
  const hours = chance.pick('hours', shape.hours);
  const drawn = drawApps(chance, shape).map((app) => ({
    app,
    times: drawTimes(chance, app, shape, hours),
  }));
  const apps = drawn.map(({ app, times }) => ({ ...app, crons: cronsIn(times) }));
  const occurrences = drawn.flatMap(({ app, times }) => occurrencesAt(app, times));
  const span = {
    from: START,
    until: START + (hours + 1) * HOUR,
    occurrences: occurrences.length,
  };
  const faults = drawFaults(chance, shape, span);
  return {
    seed,
    kind: chosen,
    apps,
    occurrences,
    faults,
    weather: drawWeather(chance, shape, faults.length > 0),
    slowCalls: chance.pick('slow calls', shape.slowCalls),
    slowSeconds: chance.pick('slow seconds', shape.slowSeconds),
    passMinutes: chance.pick('pass minutes', [5, 5, 10, 15]),
  };
}

type AppDrawn = Omit<AppPlan, 'crons'>;

function drawApps(chance: Chance, shape: Shape): readonly AppDrawn[] {
  const count = shape.workloads === null && chance.is('two apps', 0.06) ? 2 : 1;
  return ['one', 'two'].slice(0, count).map((id) => {
    const workloads = drawWorkloads(chance, shape, id);
    return {
      id,
      workloads: workloads.includes('nightly') ? [...workloads, 'digest'] : workloads,
      limits: {
        maxActiveRuns: chance.pick(`${id} active runs`, shape.activeRuns),
        maxStartsPerMinute: chance.pick(`${id} starts`, shape.startsPerMinute),
      },
    };
  });
}

function drawWorkloads(chance: Chance, { workloads }: Shape, id: string): readonly string[] {
  if (workloads !== null) return chance.pick(`${id} set`, workloads);
  const chosen = Object.keys(STARTS).filter((name) => chance.is(`${id} has ${name}`, 0.22));
  return chosen.length > 0 ? chosen : [chance.pick(`${id} has`, ['nightly', 'tiles', 'fit'])];
}

/** Times and trigger of the starts of a workload. */
interface Times {
  readonly workload: string;
  readonly kind: OccurrencePlan['kind'];
  readonly cron: string | null;
  /** Minutes from the start of the world. */
  readonly minutes: readonly number[];
}

function drawTimes(
  chance: Chance,
  { id, workloads }: AppDrawn,
  shape: Shape,
  hours: number,
): readonly Times[] {
  return workloads.flatMap((workload): readonly Times[] => {
    const kind = STARTS[workload];
    if (kind === undefined) return [];
    const many = workload === 'marathon' ? 1 : chance.pick(`${id} ${workload} times`, shape.many);
    const key = `${id} ${workload}`;
    if (kind === 'schedule')
      return [{ workload, kind, ...drawSchedule(chance, key, hours, Math.min(many, 4)) }];
    // Runs that queue come close to one another.
    const span = Math.min(shape.withinMinutes, workload === 'chunks' ? 30 : hours * 60);
    const minutes = Array.from({ length: many }, (_, index) =>
      chance.whole(`${key} ${index} minute`, 0, span),
    );
    return [{ workload, kind, cron: null, minutes }];
  });
}

/** Due times of one day, hours or a few minutes apart: then runs overlap. */
function drawSchedule(chance: Chance, key: string, hours: number, many: number) {
  const hour = chance.whole(`${key} hour`, 0, hours - 1);
  const minute = chance.whole(`${key} minute`, 0, 46);
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
