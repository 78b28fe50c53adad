import type {
  ChildEnded,
  EventRaised,
  HistoryEvent,
  JsonText,
  ParentInstance,
  TaskEnded,
  TimerFired,
} from './history';

/** The state of a task hub, and the records that change it. Plain JSON except two maps. */

export type Status =
  | 'Pending'
  | 'Running'
  | 'Suspended'
  | 'ContinuedAsNew'
  | 'Completed'
  | 'Failed'
  | 'Terminated'
  | 'Canceled';

export const ENDED: readonly Status[] = ['Completed', 'Failed', 'Terminated', 'Canceled'];

export function hasEnded(status: Status): boolean {
  return ENDED.includes(status);
}

export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly parent: ParentInstance | null;
  executionId: string;
  input: JsonText;
  /**
   * JSON text of the result; the plain text of the reason or failure of an instance that did not
   * complete.
   */
  output: string | null;
  customStatus: JsonText;
  status: Status;
  created: string;
  updated: string;
  history: HistoryEvent[];
  /** Events that no turn has processed yet. */
  readonly inbox: HistoryEvent[];
  /** Pending activities, by number. */
  readonly activities: Map<number, Activity>;
  /** Timers not yet fired: number to Unix milliseconds. */
  readonly timers: Map<number, number>;
}

export interface Activity {
  readonly name: string;
  readonly input?: unknown;
}

/** Everything that creates a new instance. */
export interface Seed {
  readonly id: string;
  readonly executionId: string;
  readonly name: string;
  readonly version: string;
  readonly input: JsonText;
  readonly parent: ParentInstance | null;
  readonly time: string;
}

export interface Entity {
  readonly id: string;
  exists: boolean;
  state: JsonText;
  lockedBy: string | null;
  updated: string;
  readonly inbox: EntityMessage[];
}

export type EntityMessage =
  | ({ readonly kind: 'request' } & EntityRequest)
  | { readonly kind: 'release'; readonly parent: string; readonly id: string };

export interface EntityRequest {
  /** Null for a lock request. */
  readonly op: string | null;
  readonly id: string;
  readonly signal?: boolean;
  readonly input?: string;
  readonly parent?: string;
  readonly parentExecution?: string;
  readonly lockset?: readonly { readonly name: string; readonly key: string }[];
  readonly pos?: number;
}

export type HubRecord =
  | { readonly kind: 'start'; readonly seed: Seed }
  | {
      readonly kind: 'event';
      readonly id: string;
      readonly event: HistoryEvent;
      readonly status?: Status;
    }
  | TaskRecord
  | TimerRecord
  | TurnRecord
  | { readonly kind: 'operation'; readonly to: string; readonly message: EntityMessage }
  | BatchRecord
  | RewindRecord
  | { readonly kind: 'purge'; readonly ids: readonly string[] };

export interface TaskRecord {
  readonly kind: 'task';
  readonly id: string;
  readonly executionId: string;
  readonly event: TaskEnded;
}

export interface TimerRecord {
  readonly kind: 'timer';
  readonly id: string;
  readonly executionId: string;
  readonly event: TimerFired;
}

/** One turn of an orchestration and everything it causes. */
export interface TurnRecord {
  readonly kind: 'turn';
  readonly id: string;
  readonly time: string;
  /** Number of inbox events that the turn processed. */
  readonly taken: number;
  readonly status: Status;
  readonly customStatus: JsonText;
  readonly output?: string | null;
  readonly events: readonly HistoryEvent[];
  readonly activities: readonly (readonly [number, Activity])[];
  readonly timers: readonly (readonly [number, number])[];
  readonly children: readonly Seed[];
  readonly operations: readonly Operation[];
  /** The next generation, after continue-as-new. */
  readonly next?: Generation;
  /** The event for the parent, when a child has ended. */
  readonly answer?: Answer;
}

export interface Operation {
  readonly to: string;
  readonly message: EntityMessage;
}

export interface Generation {
  readonly executionId: string;
  readonly input: JsonText;
  readonly carried: readonly EventRaised[];
  readonly time: string;
}

export interface Answer {
  readonly to: string;
  readonly executionId: string;
  readonly event: ChildEnded;
}

/** The result of a batch of operations on an entity. */
export interface BatchRecord {
  readonly kind: 'batch';
  readonly id: string;
  readonly time: string;
  readonly taken: number;
  /** Messages that have to wait for the lock. */
  readonly waiting: readonly EntityMessage[];
  readonly exists: boolean;
  readonly state: JsonText;
  readonly lockedBy: string | null;
  readonly answers: readonly { readonly to: string; readonly event: EventRaised }[];
  readonly operations: readonly Operation[];
}

/** Failed instances, rewound to before their failures. */
export interface RewindRecord {
  readonly kind: 'rewind';
  readonly instances: readonly SavedInstance[];
}

/** An instance in its stored form: maps as lists. */
export type SavedInstance = Omit<Instance, 'activities' | 'timers'> & {
  readonly activities: readonly (readonly [number, Activity])[];
  readonly timers: readonly (readonly [number, number])[];
};
