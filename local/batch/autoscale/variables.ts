import { EvaluationError } from './formula-error';
import type { Run } from './functions';
import {
  type AutoscaleInputs,
  type SampledVariable,
  nodeDeallocationOptions,
  sampledVariables,
} from './inputs';
import { type Option, type Value, asDouble, isOption, timeInterval, typeOf } from './values';

/** The indexes of the variables that the service reads after an evaluation. */
export const places = {
  targetDedicatedNodes: 0,
  targetDedicated: 1,
  targetLowPriorityNodes: 2,
  targetLowPriority: 3,
  nodeDeallocationOption: 4,
} as const;

const FIRST_OWN_PLACE = 5;

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;

/** Identifiers of constants. Unconfirmed: that their spelling must be exact. */
const constants = new Map<string, Value>([
  ['TimeInterval_Zero', timeInterval(0)],
  ['TimeInterval_100ns', timeInterval(0.0001)],
  ['TimeInterval_Microsecond', timeInterval(0.001)],
  ['TimeInterval_Millisecond', timeInterval(1)],
  ['TimeInterval_Second', timeInterval(SECOND_MS)],
  ['TimeInterval_Minute', timeInterval(60 * SECOND_MS)],
  ['TimeInterval_Hour', timeInterval(3600 * SECOND_MS)],
  ['TimeInterval_Day', timeInterval(DAY_MS)],
  ['TimeInterval_Week', timeInterval(7 * DAY_MS)],
  ['TimeInterval_Year', timeInterval(365 * DAY_MS)],
  ...nodeDeallocationOptions.map((name): [string, Option] => [
    name,
    { kind: 'node deallocation option', name },
  ]),
]);

export const REQUEUE: Option = { kind: 'node deallocation option', name: 'requeue' };

interface ServiceVariable {
  readonly read: (run: Run) => Value;
  /** The index that an assignment fills; without one the variable is read-only. */
  readonly place?: number;
}

/** An older name of a target: where both are assigned, the full name wins. */
function target(place: number, alias: number, read: (inputs: AutoscaleInputs) => number) {
  return {
    place,
    read: ({ variables, inputs }: Run) => variables[place] ?? variables[alias] ?? read(inputs),
  };
}

const dedicated = (inputs: AutoscaleInputs) => inputs.targetDedicatedNodes;
const lowPriority = (inputs: AutoscaleInputs) => inputs.targetLowPriorityNodes;

/**
 * Keyed by names in lower case: official samples mix `$targetDedicatedNodes` with
 * `$TargetDedicatedNodes`. Unconfirmed: that the service still knows `$CurrentDedicated`, which the
 * samples of Az.Batch read.
 */
const serviceVariables = new Map<string, ServiceVariable>([
  ['$targetdedicatednodes', target(places.targetDedicatedNodes, places.targetDedicated, dedicated)],
  ['$targetdedicated', target(places.targetDedicated, places.targetDedicatedNodes, dedicated)],
  [
    '$targetlowprioritynodes',
    target(places.targetLowPriorityNodes, places.targetLowPriority, lowPriority),
  ],
  [
    '$targetlowpriority',
    target(places.targetLowPriority, places.targetLowPriorityNodes, lowPriority),
  ],
  [
    '$nodedeallocationoption',
    {
      place: places.nodeDeallocationOption,
      read: ({ variables }) => variables[places.nodeDeallocationOption] ?? REQUEUE,
    },
  ],
  ['$currentdedicatednodes', { read: ({ inputs }) => inputs.currentDedicatedNodes }],
  ['$currentdedicated', { read: ({ inputs }) => inputs.currentDedicatedNodes }],
  ['$currentlowprioritynodes', { read: ({ inputs }) => inputs.currentLowPriorityNodes }],
  ['$taskslotspernode', { read: ({ inputs }) => inputs.taskSlotsPerNode }],
]);

const series = new Map<string, SampledVariable>(
  sampledVariables.map((name) => [name.toLowerCase(), name]),
);

interface Reading {
  readonly run: (run: Run) => Value;
  readonly constant: boolean;
}

/** The names that one formula uses, with the indexes of their values. */
export class Names {
  readonly #own = new Map<string, number>();

  /** The formula's own variables in the order of the results. */
  sorted(): readonly (readonly [string, number])[] {
    return [...this.#own].sort(([one], [other]) => (one < other ? -1 : 1));
  }

  series(name: string): SampledVariable | undefined {
    return series.get(name.toLowerCase());
  }

  reading(name: string, at: number): Reading {
    const value = constants.get(name);
    if (value !== undefined) return { run: () => value, constant: true };
    const place = this.#own.get(name);
    if (place !== undefined) return { run: readingPlace(place, name), constant: false };
    const service = serviceVariables.get(name.toLowerCase());
    if (service !== undefined) return { run: service.read, constant: false };
    if (this.series(name) !== undefined) {
      // Unconfirmed: blogs use a series as if it were a number; no official formula does.
      throw new EvaluationError(at, `${name} is a series of samples: use its GetSample`);
    }
    throw new EvaluationError(at, `nothing is called ${name}`);
  }

  assignment(name: string, at: number): (run: Run, value: Value) => void {
    const lower = name.toLowerCase();
    const service = serviceVariables.get(lower);
    if (constants.has(name) || series.has(lower) || (service && service.place === undefined)) {
      throw new EvaluationError(at, `${name} cannot be assigned to`);
    }
    if (service?.place !== undefined) return assigningService(service.place, at);
    const place = this.#own.get(name) ?? FIRST_OWN_PLACE + this.#own.size;
    this.#own.set(name, place);
    return ({ variables }, value) => {
      variables[place] = value;
    };
  }
}

/** The statement that assigns the variable precedes this one, so it has run by now. */
function readingPlace(place: number, name: string): (run: Run) => Value {
  return ({ variables }) => {
    const value = variables[place];
    if (value === undefined) throw new Error(`${name} is read before it is assigned`);
    return value;
  };
}

/** A target keeps its fraction until the end, so that a formula can continue to compute with it. */
function assigningService(place: number, at: number): (run: Run, value: Value) => void {
  const check = place === places.nodeDeallocationOption ? asOption : asDouble;
  return ({ variables, assignedAt }, value) => {
    variables[place] = check(value, at);
    assignedAt[place] = at;
  };
}

function asOption(value: Value, at: number): Option {
  if (isOption(value)) return value;
  throw new EvaluationError(at, `a ${typeOf(value)} is no node deallocation option`);
}
