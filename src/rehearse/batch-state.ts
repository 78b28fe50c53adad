import type { Chance } from './chance';
import type { Agenda, Appointment } from './clock';
import type { Targets, Metrics } from './formula';
import type { JobSpec, Owner, PoolSpec, TaskSpec } from '../run/ports';

/** The state of a model of a Batch account. */

export type NodeState =
  | 'starting'
  | 'waitingForStartTask'
  | 'startTaskFailed'
  | 'idle'
  | 'running'
  | 'unusable'
  | 'preempted'
  | 'leaving';

export interface Node {
  readonly id: string;
  readonly isSpot: boolean;
  state: NodeState;
  freeSlots: number;
  /** It gets no task any more and leaves after those it has. */
  isDraining: boolean;
  billedSince: number | null;
  /** Time from which the node is in its state. */
  inStateSince: number;
  readonly running: Set<Task>;
  next: Appointment | null;
}

/** Creator: an app of this world, or another owner, whose resources no app may touch. */
export interface Made {
  readonly id: string;
  readonly owner: Owner | null;
  readonly app: string | null;
  readonly madeAt: number;
  isDeleting: boolean;
  /** App or person that requested the deletion; null without a request. */
  deletedBy: string | null;
  /** Time of the request for its deletion. */
  deletedAt: number | null;
  /** Time from which the service answers 404 again. */
  goneAt: number | null;
}

export interface Pool extends Made {
  spec: PoolSpec | null;
  readonly slotsPerNode: number;
  formula: string;
  evaluate: ((now: number, metrics: Metrics) => Targets) | null;
  formulaSetAt: number;
  target: { spot: number; dedicated: number };
  resizing: Appointment | null;
  resizeErrors: readonly string[];
  formulaError: string | null;
  readonly nodes: Map<string, Node>;
  nodesMade: number;
  reboots: number;
  nextEvaluation: Appointment | null;
  /** Changes of the number of pending tasks: samples of the last minutes. */
  readonly pending: { readonly at: number; readonly count: number }[];
  /** Node-minutes of nodes that are gone; the others count from `billedSince`. */
  billedMinutes: number;
}

export type JobState = 'active' | 'ending' | 'completed' | 'deleting';

export interface Job extends Made {
  readonly spec: JobSpec | null;
  readonly poolId: string;
  state: JobState;
  terminateReason: string | null;
  endsWithTasks: boolean;
  readonly tasks: Map<string, Task>;
  readonly unprepared: Set<string>;
  readonly prepared: Set<string>;
  wallClock: Appointment | null;
  running: number;
}

export interface Task {
  readonly spec: TaskSpec;
  readonly job: Job;
  readonly isManager: boolean;
  state: 'active' | 'running' | 'succeeded' | 'failed';
  exitCode: number | null;
  cause: string | null;
  retries: number;
  requeues: number;
  node: Node | null;
  end: Appointment | null;
  startedAt: number;
  /** Why its files could not be fetched when it began. */
  inputProblem: string | null;
  /** Successful ends, of which there can be one. */
  timesDone: number;
  /** Tasks of the job that had not ended when this one began; only a merge is asked. */
  unfinishedAtStart: number;
}

/** Behaviour of the account without a request, drawn for each world. */
export interface BatchWeather {
  readonly allocationSeconds: number;
  readonly bootSeconds: number;
  /** The spread of the boot time as a share of it: 1 is from half of it to one and a half. */
  readonly bootSpread: number;
  readonly setupSeconds: number;
  readonly leavingSeconds: number;
  readonly deletionSeconds: number;
  readonly taskMinutes: readonly [number, number];
  /** True where samples of pending tasks leave out those that wait for others, as the service does. */
  readonly samplesReadyTasks: boolean;
  /** Shares, each between 0 and 1. */
  readonly startTasksThatFail: number;
  /** Nodes whose start task never ends. */
  readonly startTasksThatHang: number;
  readonly nodesUnusable: number;
  /** Nodes that stay in starting. */
  readonly nodesThatStay: number;
  /** Formulas that Batch refuses to evaluate until one is set again. */
  readonly formulaErrors: number;
  /** Pools and jobs whose deletion takes hours. */
  readonly deletionsThatHang: number;
  readonly preparationsThatFail: number;
  readonly attemptsThatFail: number;
  /** Tasks whose every attempt fails. */
  readonly tasksThatFail: number;
  readonly managersThatFail: number;
  readonly tasksThatHang: number;
  /** Tasks that end well and leave out what they were to write. */
  readonly outputsMissing: number;
}

export const GENTLE: BatchWeather = {
  allocationSeconds: 60,
  bootSeconds: 60,
  bootSpread: 1,
  setupSeconds: 30,
  leavingSeconds: 30,
  deletionSeconds: 40,
  taskMinutes: [1, 10],
  samplesReadyTasks: false,
  startTasksThatFail: 0,
  startTasksThatHang: 0,
  nodesUnusable: 0,
  nodesThatStay: 0,
  formulaErrors: 0,
  deletionsThatHang: 0,
  preparationsThatFail: 0,
  attemptsThatFail: 0,
  tasksThatFail: 0,
  managersThatFail: 0,
  tasksThatHang: 0,
  outputsMissing: 0,
};

/** Times at which the account has less to give than usual. */
export interface Shortage {
  readonly of: 'spot' | 'pools' | 'jobs' | 'cores';
  readonly from: number;
  readonly until: number;
}

export function isShort(shortages: readonly Shortage[], of: Shortage['of'], now: number): boolean {
  return shortages.some((one) => one.of === of && one.from <= now && now < one.until);
}

/** The parts of the model see the account as this. */
export interface BatchAccount {
  readonly agenda: Agenda;
  readonly chance: Chance;
  readonly weather: BatchWeather;
  readonly now: number;
  /** By id in lower case. */
  readonly pools: Map<string, Pool>;
  readonly jobs: Map<string, Job>;
  isShort(of: Shortage['of']): boolean;
  /** Spot nodes that the quota of the account leaves to a pool. */
  roomFor(pool: Pool): number;
  /** Called for each node that a pool gets, and for each that leaves it. */
  countNode(pool: Pool, node: Node, change: 1 | -1): void;
  /** Minutes of a task of a known duration; null for one that is drawn. */
  minutesOf(task: Task): number | null;
  jobsOf(poolId: string): readonly Job[];
  schedule(pool: Pool): void;
  requeueTasks(pool: Pool, node: Node): void;
  isReady(task: Task): boolean;
  /** Why a task cannot fetch its files, or null. */
  unreadable(task: Task): string | null;
  /** Uploads what the task is to upload; the reason when that fails, or null. */
  writeOutputs(task: Task, result: 'success' | 'failure'): string | null;
}
