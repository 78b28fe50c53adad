import { GENTLE, type BatchWeather } from './batch-state';
import type { Chance } from './chance';
import { HOUR, MINUTE } from './clock';
import {
  drawBlobChanged,
  drawFault,
  drawHostDown,
  drawHostDownFrom,
  drawLateStarts,
  drawLostTrigger,
  drawMainFault,
  drawOperator,
  drawOutage,
  drawRepeatedTrigger,
  drawShortage,
  drawTwice,
  type CallEffect,
  type Draw,
  type Fault,
  type PortName,
  type Span,
} from './faults';

/**
 * Kinds of worlds. A mixed one has everything a little. The others put one thing together with what
 * makes it hard, since few of the mixed worlds come to that.
 */
export type WorldKind =
  | 'mixed'
  /** Many starts, cancels and passes at once, and slow calls between what they read and write. */
  | 'race'
  /** Orchestrations and activities that come late, when their run was taken over or is final. */
  | 'takeover'
  /** Many blobs, of which some have no event. */
  | 'inbox'
  /** Nodes, set-ups and formulas that fail. */
  | 'nodes'
  /** Services that are away, or deny access, from the middle of a step on. */
  | 'outage'
  /** Tasks that are forgotten while they are added. */
  | 'submission'
  /** Small bounds on active runs and starts. */
  | 'bounds'
  /** Quotas of pools and jobs that are reached for a while. */
  | 'quota'
  /** One write of an admission whose answer is lost. */
  | 'answer'
  /** Persons who end runs in worlds where nothing else goes wrong. */
  | 'persons'
  /** Nothing goes wrong, and runs overlap. */
  | 'quiet';

type Choices<Item> = readonly [Item, ...Item[]];

/** The bounds within which a kind of world is drawn. */
export interface Shape {
  /** Relative to that of all kinds. */
  readonly weight: number;
  readonly hours: Choices<number>;
  /** Workloads of the app; null: any of all. */
  readonly workloads: Choices<readonly string[]> | null;
  /** Occurrences of each workload. */
  readonly many: Choices<number>;
  /** From the first occurrence by request or blob to the last. */
  readonly withinMinutes: number;
  readonly draws: Choices<Draw>;
  /** Least and most faults. */
  readonly faults: readonly [number, number];
  readonly slowCalls: Choices<number>;
  readonly slowSeconds: Choices<number>;
  readonly weather: 'gentle' | 'any' | 'nodes';
  readonly activeRuns: Choices<number>;
  readonly startsPerMinute: Choices<number>;
}

const MIXED: Shape = {
  weight: 60,
  hours: [1, 1, 2, 3],
  workloads: null,
  many: [1, 1, 2, 3],
  withinMinutes: Infinity,
  draws: [drawFault],
  faults: [1, 6],
  slowCalls: [0, 0, 0.02, 0.1],
  slowSeconds: [15],
  weather: 'any',
  activeRuns: [1000],
  startsPerMinute: [1000],
};

/** Worlds that last an hour, in which little else goes wrong. */
const SHORT: Shape = { ...MIXED, weight: 4, hours: [1], slowCalls: [0], weather: 'gentle' };

export const SHAPES: Readonly<Record<WorldKind, Shape>> = {
  mixed: MIXED,
  race: {
    ...SHORT,
    workloads: [
      ['chunks'],
      ['fit'],
      ['warm'],
      ['nightly'],
      ['tiles'],
      ['meshes'],
      ['fit', 'chunks'],
    ],
    many: [3, 4],
    withinMinutes: 3,
    draws: [
      drawOperator('cancel'),
      drawOperator('cancel'),
      drawOperator('stopAll'),
      drawRepeatedTrigger,
      drawTwinTrigger,
      drawTwinTrigger,
      drawCallOf('table', 'write', 40, ['crashAfter', 'crashBefore', 'slow', 'repeated']),
    ],
    faults: [2, 4],
    slowCalls: [0.1, 0.1, 0.3, 0.6],
    slowSeconds: [15, 90],
  },
  takeover: {
    ...SHORT,
    workloads: [
      ['nightly'],
      ['nightly'],
      ['nightly'],
      ['tiles'],
      ['fit'],
      ['standby'],
      ['chunks'],
      ['graph'],
    ],
    many: [1, 2],
    draws: [
      drawHostDownFrom,
      drawHostDownIn('batch', 'makePool'),
      drawHostDownIn('files', 'makeContainer'),
      drawHostDownIn('engine', 'startNew'),
      // Read by every claim.
      drawHostDownIn('files', 'readText'),
      drawHostDownIn('files', 'readText'),
      drawTwice,
      drawLateStarts,
      drawRepeatedTrigger,
      drawOperator('purge'),
    ],
    faults: [1, 3],
    slowCalls: [0, 0.1, 0.3],
  },
  inbox: {
    ...SHORT,
    workloads: [['meshes']],
    many: [4, 6],
    withinMinutes: 40,
    draws: [drawLostTrigger, drawLostTrigger, drawBlobChanged, drawHostDown],
    faults: [2, 4],
  },
  nodes: {
    ...SHORT,
    workloads: [['standby'], ['warm'], ['fit'], ['standby', 'tiles']],
    faults: [0, 0],
    weather: 'nodes',
  },
  outage: {
    ...SHORT,
    workloads: [['nightly'], ['tiles'], ['fit'], ['standby'], ['chunks']],
    draws: [
      drawOutage,
      drawOutageIn('files', 'find', 40),
      drawOutageIn('files', 'find', 40),
      drawOutageIn('files', 'writeText', 4),
      drawOutageIn('batch', 'deleteJob', 3),
      drawOutageIn('table', 'get', 40),
    ],
    faults: [1, 2],
  },
  submission: {
    ...SHORT,
    workloads: [['tiles'], ['fit'], ['graph'], ['standby'], ['chunks'], ['meshes']],
    draws: [
      drawCallOf('batch', 'addTasks', 3, ['lastForgotten', 'lastForgotten', 'halfDone']),
      drawCallOf('batch', 'taskIds', 3, ['halfDone', 'refused', 'crashAfter']),
      drawCallOf('batch', 'makeJob', 2, ['answerLost', 'crashAfter']),
    ],
    faults: [1, 2],
  },
  bounds: {
    ...SHORT,
    workloads: [['tiles', 'chunks'], ['fit', 'meshes'], ['nightly', 'warm', 'fit'], ['meshes']],
    many: [2, 3, 4],
    withinMinutes: 2,
    draws: [drawHostDown, drawRepeatedTrigger],
    faults: [0, 1],
    slowCalls: [0, 0.1],
    activeRuns: [1, 2, 1000],
    startsPerMinute: [1, 2],
  },
  quota: {
    ...SHORT,
    draws: [shortageOf('pools'), shortageOf('jobs'), drawOperator('cancel')],
    faults: [1, 2],
  },
  answer: {
    ...SHORT,
    many: [2, 3],
    draws: [drawCallOf('table', 'write', 20, ['repeated', 'answerLost'])],
    faults: [1, 1],
  },
  persons: {
    ...SHORT,
    draws: [drawOperator('terminate'), drawOperator('purge'), drawOperator('cancel')],
    faults: [1, 2],
  },
  quiet: { ...SHORT, weight: 2, many: [2, 3], withinMinutes: 10, faults: [0, 0] },
};

const WEIGHTS = Object.values(SHAPES).reduce((sum, { weight }) => sum + weight, 0);

export function drawKind(chance: Chance): WorldKind {
  let left = chance.at('kind') * WEIGHTS;
  for (const [kind, { weight }] of Object.entries(SHAPES)) {
    left -= weight;
    if (left < 0) return kind as WorldKind;
  }
  return 'mixed';
}

export function drawFaults(chance: Chance, shape: Shape, span: Span): readonly Fault[] {
  const { draws, faults } = shape;
  if (shape === MIXED && chance.is('no fault', 0.15)) return [];
  const many = chance.whole('faults', faults[0], faults[1]);
  // While the first runs are active.
  const early = shape === MIXED ? span : { ...span, until: span.from + HOUR };
  return Array.from({ length: many }, (_, index) => {
    const key = `fault ${index}`;
    if (shape === MIXED && index === 0) return drawMainFault(chance, key, span);
    return chance.pick(`${key} of kind`, draws)(chance, key, early);
  });
}

function drawCallOf(
  port: PortName,
  method: string,
  most: number,
  effects: Choices<CallEffect>,
): Draw {
  return (chance, key) => {
    const nth = chance.whole(`${key} nth`, 1, most);
    return { kind: 'call', port, method, nth, effect: chance.pick(`${key} effect`, effects) };
  };
}

/** At the same instant as the first. */
function drawTwinTrigger(chance: Chance, key: string, span: Span): Fault {
  return { ...drawRepeatedTrigger(chance, key, span), after: -MINUTE } as Fault;
}

function drawHostDownIn(port: PortName, method: string): Draw {
  return (chance, key) => {
    const nth = chance.whole(`${key} nth`, 1, 2);
    const minutes = chance.pick(`${key} minutes`, [70, 700, 2400, 2400]);
    return { kind: 'hostDownFrom', port, method, nth, minutes };
  };
}

function drawOutageIn(port: PortName, method: string, most: number): Draw {
  return (chance, key) => {
    const nth = chance.whole(`${key} nth`, 1, most);
    const minutes = chance.pick(`${key} minutes`, [3, 20, 60, 300]);
    const code = chance.is(`${key} denied`, 0.3) ? 'accessDenied' : 'serviceUnavailable';
    return { kind: 'outageFrom', port, method, nth, minutes, code };
  };
}

/** From before the first run on. */
function shortageOf(of: 'pools' | 'jobs'): Draw {
  return (chance, key, span) => {
    const shortage = drawShortage(chance, key, span);
    return shortage.kind === 'shortage' ? { ...shortage, of, from: span.from } : shortage;
  };
}

export function drawWeather(chance: Chance, { weather }: Shape, hasFaults: boolean): BatchWeather {
  switch (weather) {
    case 'gentle':
      return GENTLE;
    case 'nodes':
      return { ...GENTLE, ...badNodes(chance) };
    case 'any':
      return hasFaults ? anyWeather(chance) : GENTLE;
  }
}

function badNodes(chance: Chance): Partial<BatchWeather> {
  const field = chance.pick('bad', [
    'startTasksThatFail',
    'startTasksThatFail',
    'startTasksThatHang',
    'nodesThatStay',
    'formulaErrors',
    'nodesUnusable',
  ] as const);
  return { [field]: chance.pick('bad share', [0.3, 0.6, 0.8, 1]) };
}

function anyWeather(chance: Chance): BatchWeather {
  const rarely = (name: string, share: number) => (chance.is(`weather ${name}`, 0.12) ? share : 0);
  return {
    allocationSeconds: chance.pick('allocation', [30, 60, 180]),
    bootSeconds: chance.pick('boot', [30, 90, 240]),
    bootSpread: GENTLE.bootSpread,
    setupSeconds: GENTLE.setupSeconds,
    leavingSeconds: GENTLE.leavingSeconds,
    samplesReadyTasks: GENTLE.samplesReadyTasks,
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
