import type { Chance } from './chance';
import { HOUR, MINUTE } from './clock';
import type { Shortage } from './batch-state';

/** Faults of a world. Each fault is a row of data, so that a shrinker can leave it out. */

export type CallEffect =
  /** The service does nothing and says so. */
  | 'refused'
  /** The same, with a time to wait before the next attempt. */
  | 'throttled'
  /** The service does it, and its answer is lost. */
  | 'answerLost'
  /** A part of it is done. */
  | 'halfDone'
  /** The service says yes, and the last of what it was given is not there. */
  | 'lastForgotten'
  /** A conditional write is done, its answer lost, and the client's repetition finds it done. */
  | 'repeated'
  | 'slow'
  | 'crashBefore'
  | 'crashAfter';

export type PortName = 'batch' | 'files' | 'table' | 'engine';

type Away = 'serviceUnavailable' | 'accessDenied';

export type Fault =
  | {
      readonly kind: 'call';
      readonly port: PortName;
      readonly method: string;
      readonly nth: number;
      readonly effect: CallEffect;
    }
  /** An outage that begins with a call, and so in the middle of a step. */
  | {
      readonly kind: 'outageFrom';
      readonly port: PortName;
      readonly method: string;
      readonly nth: number;
      readonly minutes: number;
      readonly code: Away;
    }
  /** The host dies before a call, and stays down. */
  | {
      readonly kind: 'hostDownFrom';
      readonly port: PortName;
      readonly method: string;
      readonly nth: number;
      readonly minutes: number;
    }
  | {
      readonly kind: 'outage';
      readonly port: 'batch' | 'files' | 'table' | 'storage';
      readonly code: Away;
      readonly from: number;
      readonly until: number;
    }
  | ({ readonly kind: 'shortage' } & Shortage)
  | { readonly kind: 'eviction'; readonly at: number; readonly share: number }
  | { readonly kind: 'hostDown'; readonly from: number; readonly until: number }
  | { readonly kind: 'checkpoint'; readonly nth: number; readonly effect: 'lost' | 'repeated' }
  /** An activity is delivered again, at once or long after its result. */
  | { readonly kind: 'twice'; readonly nth: number; readonly minutes: number }
  /** Starts of orchestrations stay in their queue. */
  | {
      readonly kind: 'lateStarts';
      readonly from: number;
      readonly until: number;
      readonly minutes: number;
    }
  | {
      readonly kind: 'lateTimers';
      readonly from: number;
      readonly until: number;
      readonly minutes: number;
    }
  | { readonly kind: OperatorAct; readonly at: number; readonly pick: number }
  | {
      readonly kind: 'deletion';
      readonly of: 'pool' | 'job' | 'staging';
      readonly at: number;
      readonly pick: number;
    }
  | {
      readonly kind: 'collision';
      readonly of: 'pool' | 'job' | 'staging' | 'outputs';
      readonly occurrence: number;
    }
  | { readonly kind: 'repeatedTrigger'; readonly occurrence: number; readonly after: number }
  | { readonly kind: 'lostTrigger'; readonly occurrence: number }
  | {
      readonly kind: 'blobChanged';
      readonly occurrence: number;
      readonly after: number;
      readonly to: 'deleted' | 'overwritten';
    };

/** Acts of a person. */
export type OperatorAct = 'cancel' | 'stopAll' | 'terminate' | 'purge';

/** Calls that are worth cutting, and roughly how many of each a world makes. */
const CALLS: readonly (readonly [PortName, string, number])[] = [
  ['batch', 'makePool', 6],
  ['batch', 'makeJob', 6],
  ['batch', 'addTasks', 8],
  ['batch', 'taskIds', 10],
  ['batch', 'endWhenTasksEnd', 5],
  ['batch', 'setFormula', 4],
  ['batch', 'getPool', 80],
  ['batch', 'getJob', 80],
  ['batch', 'countTasks', 80],
  ['batch', 'failedTasks', 6],
  ['batch', 'unfinishedTasks', 3],
  ['batch', 'readTaskFile', 6],
  ['batch', 'deleteJob', 20],
  ['batch', 'deletePool', 20],
  ['batch', 'scalePoolToZero', 8],
  ['batch', 'listOwned', 6],
  ['files', 'makeContainer', 25],
  ['files', 'removeContainer', 20],
  ['files', 'listContainers', 12],
  ['files', 'list', 20],
  ['files', 'find', 120],
  ['files', 'readText', 40],
  ['files', 'writeText', 20],
  ['files', 'claim', 8],
  ['files', 'remove', 10],
  ['files', 'copy', 3],
  ['files', 'readUrl', 40],
  ['files', 'writeUrl', 12],
  ['files', 'page', 20],
  ['table', 'get', 300],
  ['table', 'get', 60],
  ['table', 'list', 150],
  ['table', 'write', 20],
  ['table', 'write', 60],
  ['table', 'write', 60],
  ['table', 'remove', 10],
  ['engine', 'getStatus', 10],
  ['engine', 'startNew', 6],
  ['engine', 'getStatusBy', 3],
  ['engine', 'raiseEvent', 3],
];

const EFFECTS: readonly CallEffect[] = [
  'lastForgotten',
  'refused',
  'throttled',
  'answerLost',
  'halfDone',
  'slow',
  'crashBefore',
  'crashAfter',
];

/** Bounds within which a fault is drawn. */
export interface Span {
  readonly from: number;
  readonly until: number;
  readonly occurrences: number;
}

export type Draw = (chance: Chance, key: string, span: Span) => Fault;

/** Each kind with its weight. */
const DRAWS: readonly (readonly [number, Draw])[] = [
  [40, drawCall],
  [8, drawOutage],
  [10, drawOutageFrom],
  [8, drawShortage],
  [
    8,
    (chance, key, span) => ({
      kind: 'eviction',
      at: during(chance, key, span),
      share: chance.pick(key, [0.3, 0.7, 1]),
    }),
  ],
  [7, drawHostDown],
  [
    5,
    (chance, key) => ({
      kind: 'checkpoint',
      nth: spread(chance, key, 200),
      effect: chance.pick(key, ['lost', 'repeated']),
    }),
  ],
  [6, drawTwice],
  [3, drawLateTimers],
  [2, drawLateStarts],
  [3, drawHostDownFrom],
  [5, drawOperator('cancel')],
  [2, drawOperator('stopAll')],
  [2, drawOperator('terminate')],
  [3, drawOperator('purge')],
  [
    4,
    (chance, key, span) => ({
      kind: 'deletion',
      of: chance.pick(key, ['pool', 'job', 'staging']),
      at: during(chance, key, span),
      pick: chance.whole(`${key} pick`, 0, 9),
    }),
  ],
  [
    2,
    (chance, key, span) => ({
      kind: 'collision',
      of: chance.pick(key, ['pool', 'job', 'staging', 'outputs']),
      occurrence: which(chance, key, span),
    }),
  ],
  [5, drawRepeatedTrigger],
  [2, drawLostTrigger],
  [3, drawBlobChanged],
];

const WEIGHTS = DRAWS.reduce((sum, [weight]) => sum + weight, 0);

export function drawFault(chance: Chance, key: string, span: Span): Fault {
  let left = chance.at(`${key} kind`) * WEIGHTS;
  for (const [weight, draw] of DRAWS) {
    left -= weight;
    if (left < 0) return draw(chance, key, span);
  }
  return drawCall(chance, key);
}

/** Draws the rare faults that runs need most to survive as often as all others together. */
export function drawMainFault(chance: Chance, key: string, span: Span): Fault {
  const draw = chance.pick(`${key} main`, [null, null, null, ...RARE]);
  // While the first runs are active.
  const early = { ...span, until: span.from + HOUR };
  return draw === null ? drawFault(chance, key, span) : draw(chance, key, early);
}

const RARE: readonly Draw[] = [
  drawOutage,
  drawHostDown,
  drawOperator('terminate'),
  drawOperator('cancel'),
];

export function drawCall(chance: Chance, key: string): Fault {
  const [port, method, times] = CALLS[chance.whole(`${key} method`, 0, CALLS.length - 1)] ?? [
    'batch',
    'getJob',
    80,
  ];
  const effect =
    method === 'write' && chance.is(`${key} repeated`, 0.3)
      ? 'repeated'
      : method === 'addTasks' && chance.is(`${key} forgets`, 0.5)
        ? 'lastForgotten'
        : (EFFECTS[chance.whole(`${key} effect`, 0, EFFECTS.length - 1)] ?? 'refused');
  return { kind: 'call', port, method, nth: spread(chance, key, times), effect };
}

export function drawOutageFrom(chance: Chance, key: string): Fault {
  const call = drawCall(chance, key);
  if (call.kind !== 'call') return call;
  const { port, method, nth } = call;
  const minutes = chance.pick(`${key} minutes`, [3, 20, 60, 100]);
  const code = chance.is(`${key} denied`, 0.15) ? 'accessDenied' : 'serviceUnavailable';
  return { kind: 'outageFrom', port, method, nth, minutes, code };
}

/** With an end beyond the deadline of most runs, and before it. */
export function drawHostDownFrom(chance: Chance, key: string): Fault {
  const call = drawCall(chance, key);
  if (call.kind !== 'call') return call;
  const { port, method, nth } = call;
  const minutes = chance.pick(`${key} minutes`, [3, 70, 700, 2400]);
  return { kind: 'hostDownFrom', port, method, nth, minutes };
}

export function drawTwice(chance: Chance, key: string): Fault {
  const minutes = chance.pick(`${key} minutes`, [0, 5, 60, 480]);
  return { kind: 'twice', nth: spread(chance, key, 150), minutes };
}

export function drawLateStarts(chance: Chance, key: string, span: Span): Fault {
  const from = during(chance, key, span);
  const minutes = chance.pick(`${key} minutes`, [5, 45, 75, 150]);
  return { kind: 'lateStarts', from, until: from + HOUR, minutes };
}

export function drawOutage(chance: Chance, key: string, span: Span): Fault {
  const from = during(chance, key, span);
  const minutes = chance.pick(`${key} minutes`, [1, 5, 15, 45, 100, 300, 1440]);
  return {
    kind: 'outage',
    port: chance.pick(`${key} port`, ['batch', 'files', 'table', 'storage'] as const),
    code: chance.is(`${key} denied`, 0.15) ? 'accessDenied' : 'serviceUnavailable',
    from,
    until: from + minutes * MINUTE,
  };
}

export function drawShortage(chance: Chance, key: string, span: Span): Fault {
  const from = during(chance, key, span);
  const of = chance.pick<Shortage['of']>(`${key} of`, ['spot', 'spot', 'pools', 'jobs', 'cores']);
  const minutes = chance.pick(`${key} minutes`, [5, 20, 60, 240, 480]);
  return { kind: 'shortage', of, from, until: from + minutes * MINUTE };
}

export function drawHostDown(chance: Chance, key: string, span: Span): Fault {
  const from = during(chance, key, span);
  const minutes = chance.pick(`${key} minutes`, [0.2, 1, 10, 70, 300, 1440]);
  return { kind: 'hostDown', from, until: from + minutes * MINUTE };
}

export function drawLateTimers(chance: Chance, key: string, span: Span): Fault {
  const from = during(chance, key, span);
  const minutes = chance.pick(key, [0.2, 2, 20]);
  return { kind: 'lateTimers', from, until: from + 2 * HOUR, minutes };
}

export function drawOperator(kind: OperatorAct): Draw {
  return (chance, key, span) => ({
    kind,
    at: during(chance, key, span),
    pick: chance.whole(`${key} pick`, 0, 9),
  });
}

export function drawRepeatedTrigger(chance: Chance, key: string, span: Span): Fault {
  const after = chance.pick(`${key} after`, [0, 1000, MINUTE, HOUR, 5 * HOUR]);
  return { kind: 'repeatedTrigger', occurrence: which(chance, key, span), after };
}

export function drawLostTrigger(chance: Chance, key: string, span: Span): Fault {
  return { kind: 'lostTrigger', occurrence: which(chance, key, span) };
}

export function drawBlobChanged(chance: Chance, key: string, span: Span): Fault {
  return {
    kind: 'blobChanged',
    occurrence: which(chance, key, span),
    after: chance.pick(`${key} after`, [0, 5000, MINUTE]),
    to: chance.pick(`${key} to`, ['deleted', 'overwritten']),
  };
}

function during(chance: Chance, key: string, { from, until }: Span): number {
  return Math.round(from + chance.at(`${key} at`) * (until - from));
}

/** Early ones more often: every call has a first time, few have a hundredth. */
function spread(chance: Chance, key: string, most: number): number {
  return 1 + Math.floor(chance.at(`${key} nth`) ** 2 * most);
}

function which(chance: Chance, key: string, { occurrences }: Span): number {
  return chance.whole(`${key} occurrence`, 0, Math.max(0, occurrences - 1));
}

/** Time at which the last effect of a fault is over, for a fault that has a time. */
export function endOf(fault: Fault, occurrences: readonly { readonly at: number }[]): number {
  if ('until' in fault) return fault.until;
  if ('after' in fault) return (occurrences[fault.occurrence]?.at ?? 0) + fault.after + 2 * MINUTE;
  return 'at' in fault ? fault.at : 0;
}
