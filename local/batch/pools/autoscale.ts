import { type AutoscaleEvaluation, evaluateFormula, parseFormula } from '../autoscale/evaluate';
import { SAMPLE_PERIOD_MS, type SampledVariable } from '../autoscale/inputs';
import type { EnableAutoscale } from '../bodies/pool';
import type { SampleSet } from '../autoscale/samples';
import type { Account, Pool } from '../state/account';
import type { AutoscaleRun } from '../state/records';
import { durationMs } from '../wire/time';
import { beginResize, currentNodes } from './resize';

/** The service's default interval. */
const DEFAULT_INTERVAL_MS = 900_000;

/** Enables autoscale: the formula is evaluated now and after each interval from now. */
export function startAutoscale(account: Account, pool: Pool, settings: EnableAutoscale): void {
  const { record } = pool;
  const now = account.now();
  const before = record.autoscale;
  const interval = settings.autoScaleEvaluationInterval;
  const intervalMs =
    interval === undefined ? (before?.intervalMs ?? DEFAULT_INTERVAL_MS) : durationMs(interval);
  const isNewSchedule = before === undefined || interval !== undefined;
  record.autoscale = {
    formula: settings.autoScaleFormula ?? before?.formula ?? '',
    intervalMs,
    nextAt: isNewSchedule ? now + intervalMs : before.nextAt,
    ...(before?.run !== undefined && { run: before.run }),
  };
  // A formula without an interval keeps the schedule, and waits for its next evaluation.
  if (isNewSchedule) evaluateNow(account, pool);
  armAutoscale(account, pool);
  account.savePool(pool);
}

export function stopAutoscale(account: Account, pool: Pool): void {
  delete pool.record.autoscale;
  account.agenda.clear(`autoscale ${pool.key}`);
  account.agenda.clear(`sample ${pool.key}`);
}

/** Schedules the next evaluation and the next sample; also after a restart. */
export function armAutoscale(account: Account, pool: Pool): void {
  const { autoscale } = pool.record;
  if (autoscale === undefined) return;
  account.wakeAt(`autoscale ${pool.key}`, autoscale.nextAt, () => {
    autoscale.nextAt = Math.max(autoscale.nextAt, account.now()) + autoscale.intervalMs;
    evaluateNow(account, pool);
    armAutoscale(account, pool);
  });
  armSampling(account, pool);
}

function armSampling(account: Account, pool: Pool): void {
  account.wakeAt(`sample ${pool.key}`, account.now() + SAMPLE_PERIOD_MS, () => {
    takeSamples(account, pool);
    armSampling(account, pool);
  });
}

function evaluateNow(account: Account, pool: Pool): void {
  const { record } = pool;
  if (record.autoscale === undefined) return;
  const evaluation = evaluate(account, pool, record.autoscale.formula);
  record.autoscale.run = runOf(account, evaluation);
  const targets = {
    dedicated: evaluation.targetDedicatedNodes,
    lowPriority: evaluation.targetLowPriorityNodes,
  };
  const isFirst = record.allocationStateAt === record.createdAt && record.resize === undefined;
  const isSame =
    targets.dedicated === record.targets.dedicated &&
    targets.lowPriority === record.targets.lowPriority;
  // During a resize, also one that waits for tasks to complete, no other can start.
  if (record.allocationState === 'steady' && evaluation.error === undefined) {
    const current = currentNodes(pool);
    const isShort =
      current.dedicated < targets.dedicated || current.lowPriority < targets.lowPriority;
    if (isFirst || !isSame || isShort) {
      beginResize(account, pool, targets, evaluation.nodeDeallocationOption);
    }
  } else if (isFirst) beginResize(account, pool, record.targets);
  account.savePool(pool);
}

/** Evaluates a formula without applying the result. */
export function evaluate(account: Account, pool: Pool, formula: string): AutoscaleEvaluation {
  const { record } = pool;
  const current = currentNodes(pool);
  const now = account.options.clock.now();
  return evaluateFormula(parseFormula(formula), {
    now,
    random: account.options.random,
    taskSlotsPerNode: record.spec.taskSlotsPerNode ?? 1,
    currentDedicatedNodes: current.dedicated,
    currentLowPriorityNodes: current.lowPriority,
    targetDedicatedNodes: record.targets.dedicated,
    targetLowPriorityNodes: record.targets.lowPriority,
    samples: (variable) => pool.samples.visible(variable, now),
  });
}

export function runOf(account: Account, evaluation: AutoscaleEvaluation): AutoscaleRun {
  const { results, error } = evaluation;
  return { at: account.now(), results, ...(error !== undefined && { error }) };
}

function takeSamples(account: Account, pool: Pool): void {
  const samples = { at: account.now(), values: measure(pool) };
  addSamples(pool, samples);
  account.saveSamples(pool, samples);
}

/** Adds the samples of one instant to the history that formulas read. */
export function addSamples(pool: Pool, { at, values }: SampleSet): void {
  for (const [variable, value] of Object.entries(values)) {
    pool.samples.record(variable as SampledVariable, new Date(at), value);
  }
}

/** Counts tasks, not their slots; a task that waits for others is not active yet. */
function measure(pool: Pool): Partial<Record<SampledVariable, number>> {
  let active = 0;
  let running = 0;
  let succeeded = 0;
  let failed = 0;
  for (const { tasks, record } of pool.jobs) {
    if (record.state === 'active') active += tasks.readyCount;
    running += tasks.tasks.running;
    succeeded += tasks.tasks.succeeded;
    failed += tasks.tasks.failed;
  }
  return {
    $ActiveTasks: active,
    $RunningTasks: running,
    $PendingTasks: active + running,
    $SucceededTasks: succeeded,
    $FailedTasks: failed,
    ...measureNodes(pool),
  };
}

/** Unlike Azure: the processor's load is the share of slots that run a task. */
function measureNodes(pool: Pool): Partial<Record<SampledVariable, number>> {
  let preempted = 0;
  let usable = 0;
  let busySlots = 0;
  for (const { record, attempts } of pool.nodes.values()) {
    if (record.state === 'preempted') preempted += 1;
    if (record.state === 'idle' || record.state === 'running') usable += 1;
    for (const { slots } of attempts.values()) busySlots += slots;
  }
  const slots = usable * (pool.record.spec.taskSlotsPerNode ?? 1);
  return {
    $PreemptedNodeCount: preempted,
    $UsableNodeCount: usable,
    $CPUPercent: slots === 0 ? 0 : Math.min(100, (busySlots / slots) * 100),
  };
}
