import type { Played } from '../../src/rehearse/play';
import type { FailureCode } from '../../src/failure';
import { FRESH_MS } from '../../src/ledger/due-times';
import { hasFault, isLong, MINUTE_MS, was, type RunFacts } from './facts';

type Reason = (world: Played, run: RunFacts) => boolean;

const isCut: Reason = (world) =>
  hasFault(world, 'call', 'outage', 'outageFrom', 'hostDown', 'checkpoint', 'twice', 'lateTimers');
const isDisturbed: Reason = (world, run) =>
  was(run, 'deletion', 'stopAll', 'terminate', 'purge') ||
  hasFault(world, 'deletion', 'stopAll') ||
  world.apps.length > 1;
const weather =
  (...fields: readonly (keyof Played['plan']['weather'])[]): Reason =>
  ({ plan }) =>
    fields.some((field) => Number(plan.weather[field]) > 0);
const short =
  (...kinds: readonly string[]): Reason =>
  ({ plan }) =>
    plan.faults.some((fault) => fault.kind === 'shortage' && kinds.includes(fault.of));

/** A quota is asked for once a minute until the start window ends. */
const QUOTA_MINUTES = 3;

function waitedForQuota({ record, workload }: RunFacts): boolean {
  const end = record?.timeline.find(({ phase }) => phase === 'harvesting');
  if (record === null || end === undefined) return true;
  const waited = (Date.parse(end.at) - Date.parse(record.startedAt)) / MINUTE_MS;
  return waited > (workload.startWithinMinutes ?? workload.deadlineMinutes) - QUOTA_MINUTES;
}

/** Where no node ever becomes ready, a run ends with its wait for one. */
function endsItsWait({ plan: { weather } }: Played, { workload }: RunFacts): boolean {
  const { pool, deadlineMinutes } = workload;
  return weather.nodesThatStay === 1 && pool.maxWaitMinutes + 10 < deadlineMinutes;
}

/** What a world must have for a run to end with this code. */
const reasons: Partial<Record<FailureCode, Reason>> = {
  cancelled: (world, run) =>
    was(run, 'cancel', 'stopAll') || run.workload.overlap === 'replace' || isDisturbed(world, run),
  overlapped: (_, run) => run.workload.overlap !== 'allow',
  // The run before is cleaned up for as long as its deletions hang.
  startWindowEnded: (world, run) =>
    isCut(world, run) ||
    isDisturbed(world, run) ||
    run.workload.overlap === 'queue' ||
    // An app with small bounds admits a run when others have ended.
    world.plan.kind === 'bounds' ||
    // Of passes that are as far apart as a due time is fresh, each may look like the first after an outage.
    world.plan.passMinutes * MINUTE_MS >= FRESH_MS ||
    weather('deletionsThatHang')(world, run),
  nameCollision: (world, run) => was(run, 'collision') || world.apps.length > 1,
  quotaReached: (world, run) => short('pools', 'jobs')(world, run) && waitedForQuota(run),
  noCapacity: (world, run) =>
    short('spot', 'cores')(world, run) || isCut(world, run) || hasFault(world, 'eviction'),
  startTaskFailed: weather('startTasksThatFail', 'startTasksThatHang'),
  badSpecification: weather('formulaErrors'),
  preparationFailed: weather('preparationsThatFail'),
  nodesUnusable: weather('nodesUnusable', 'nodesThatStay'),
  jobManagerFailed: weather('managersThatFail', 'attemptsThatFail', 'tasksThatHang'),
  taskFailed: (world, run) =>
    weather('tasksThatFail', 'attemptsThatFail', 'tasksThatHang', 'outputsMissing')(world, run) ||
    isDisturbed(world, run),
  outputMissing: (world, run) => weather('outputsMissing')(world, run) || isDisturbed(world, run),
  manifestRefused: (world, run) => weather('outputsMissing')(world, run) || isDisturbed(world, run),
  // A job that ran out while no host was up refuses the tasks of a late step.
  jobEndedEarly: (world, run) => isDisturbed(world, run) || hasFault(world, 'hostDown'),
  inputGone: (world, run) =>
    hasFault(world, 'blobChanged') || isDisturbed(world, run) || isCut(world, run),
  accessDenied: ({ plan }) =>
    plan.faults.some((fault) => 'code' in fault && fault.code === 'accessDenied'),
  // One call that is refused, or whose answer is lost, is repeated until it is not.
  serviceUnavailable: (world, run) =>
    isLong(world, 'batch', 5) ||
    isLong(world, 'files', 5) ||
    isDisturbed(world, run) ||
    was(run, 'collision'),
  deadlineExceeded: (world, run) =>
    weather(
      'tasksThatHang',
      'nodesUnusable',
      'startTasksThatFail',
      'startTasksThatHang',
      'formulaErrors',
      'preparationsThatFail',
    )(world, run) ||
    (world.plan.weather.nodesThatStay > 0 && !endsItsWait(world, run)) ||
    isCut(world, run) ||
    isDisturbed(world, run) ||
    // The job of a run whose orchestration was terminated works on in a pool that others share.
    hasFault(world, 'shortage', 'eviction', 'collision', 'terminate') ||
    world.plan.weather.taskMinutes[1] > 10,
};

/** Failures whose code tells of something that this world does not have. */
export function implausible(world: Played, runs: readonly RunFacts[]): string[] {
  return runs.flatMap((run) => {
    const { record, runId } = run;
    if (record === null || record.outcome.kind === 'succeeded') return [];
    const { code, cause } = record.outcome;
    if (code === 'internal') return [];
    return reasons[code]?.(world, run) === true ? [] : [`${runId} failed with ${code}: ${cause}`];
  });
}
