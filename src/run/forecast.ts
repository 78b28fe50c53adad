import { Failure } from '../failure';
import {
  autoscaleFormula,
  firstNodes,
  HARVEST_MINUTES,
  JOB_MANAGER_ID,
  MERGE_ID,
  nodesEnd,
  nodesFor,
  planRun,
} from './plan';
import type { BlobFound, Files, Ports } from './ports';
import type { RunPlan, RunRecord, RunRequest } from './run';
import { findInputs } from './staging';
import { combinationAt, combinationsIn, wordsOfCombination } from './sweep';
import { registrySecretsOf, secretsOf } from './tools';
import { coresOf } from './vm-sizes';
import { vmSizeOf } from './nodes';
import { warningsOf } from './warnings';
import { tasksFor, tasksKnownIn } from './work-schema';
import type { Workload } from './workload';

/**
 * What a run would make, need and cost, worked out before anything is asked of Batch. It looks at
 * the inputs and whether the secrets are there; it makes and changes nothing.
 */
export interface Forecast {
  readonly workload: string;
  /** Why the run could not succeed; empty when nothing speaks against it. */
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
  readonly inputs: {
    readonly count: number;
    readonly bytes: number;
    readonly first: readonly string[];
  } | null;
  readonly pool: {
    readonly id: string;
    readonly vmSize: string;
    readonly slotsPerNode: number;
    readonly firstNodes: number;
    readonly nodesForTasks: number | null;
    readonly maxNodes: number;
    readonly formula: string;
    /** What the formula gives when it is stored, and later. */
    readonly formulaGives: string;
  } | null;
  readonly job: { readonly id: string; readonly containers: readonly string[] } | null;
  readonly tasks: {
    /** Null when the job manager decides. */
    readonly count: number | null;
    readonly atMost: number | null;
    readonly first: readonly TaskPreview[];
  };
  readonly secrets: readonly { readonly name: string; readonly isThere: boolean }[];
  readonly estimate: Estimate;
}

export interface TaskPreview {
  readonly id: string;
  readonly command: string;
  readonly about: string;
}

export interface Estimate {
  /** As the latest runs that succeeded took, in the median; null when there was none. */
  readonly fromRuns: number;
  readonly minutes: number | null;
  readonly nodeMinutes: number | null;
  readonly cost: number | null;
  /** The most it can be when everything goes wrong: every node from the first minute to the last. */
  readonly capNodeMinutes: number;
  readonly capCost: number | null;
}

export interface ForecastTools extends Pick<Ports, 'secrets'> {
  readonly files: Files;
  /** Records of the workload's latest runs, newest first. */
  readonly latest: readonly RunRecord[];
  /** Price of a node for an hour by VM size, where the workload states none. */
  readonly prices: Readonly<Record<string, number>>;
  /** Spot cores the account may have; null when nobody has said. */
  readonly spotCoreQuota: number | null;
}

const SHOWN = 3;
/** After the end of the nodes' time: until the formula is evaluated next, and until the nodes are gone. */
const EVALUATION_MINUTES = 5;
const REMOVAL_MINUTES = 10;

export async function forecast(
  tools: ForecastTools,
  workload: Workload,
  request: RunRequest,
  now: string,
): Promise<Forecast> {
  const { found, refusal } = await inputsOf(tools, workload, request, now);
  const secrets = await secretsThere(tools, workload);
  const missing = secrets.filter(({ isThere }) => !isThere);
  const tasks = tasksOf(workload, found);
  // A run that finds nothing to do makes neither pool nor job.
  const idle = found?.length === 0 || tasks.count === 0;
  const plan = planRun(workload, request, now);
  return {
    workload: workload.name,
    refusals: [
      ...(refusal === null ? [] : [refusal]),
      ...missing.map(({ name }) => `secret ${name} cannot be read; store it in the vault`),
      ...quotaRefusals(tools, workload),
    ],
    warnings: warningsOf(workload),
    inputs: found === null ? null : summary(found),
    pool: idle ? null : poolOf(workload, plan, tasks.count, found?.length ?? null, now),
    job: idle
      ? null
      : { id: plan.jobId, containers: [plan.stagingContainer, plan.outputContainer] },
    tasks,
    secrets,
    estimate: estimateOf(tools, workload, idle),
  };
}

async function inputsOf(
  tools: ForecastTools,
  workload: Workload,
  request: RunRequest,
  now: string,
): Promise<{ found: readonly BlobFound[] | null; refusal: string | null }> {
  if (workload.inputs === undefined) return { found: null, refusal: null };
  try {
    return {
      found: await findInputs(tools, workload, planRun(workload, request, now)),
      refusal: null,
    };
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'serviceUnavailable') throw error;
    return { found: null, refusal: error.message };
  }
}

/** A value is asked for and thrown away: that is the only way to know whether it may be read. */
async function secretsThere({ secrets }: ForecastTools, workload: Workload) {
  const names = [...new Set([...secretsOf(workload), ...registrySecretsOf(workload)])];
  return Promise.all(
    names.map(async (name) => {
      try {
        await secrets.read(name);
        return { name, isThere: true };
      } catch (error) {
        if (!(error instanceof Failure) || error.code === 'serviceUnavailable') throw error;
        return { name, isThere: false };
      }
    }),
  );
}

function quotaRefusals({ spotCoreQuota }: ForecastTools, { pool }: Workload): string[] {
  const cores = coresOf(vmSizeOf(pool));
  if (spotCoreQuota === null || cores === null || pool.existing !== undefined) return [];
  if (cores <= spotCoreQuota) return [];
  return [
    `a node of ${vmSizeOf(pool)} has ${cores} cores and the account's Spot quota is ${spotCoreQuota}; ask for more of "Spot/low-priority vCPUs" on the Batch account, or choose a smaller size`,
  ];
}

function summary(found: readonly BlobFound[]) {
  return {
    count: found.length,
    bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
    first: found.slice(0, SHOWN).map(({ name }) => name),
  };
}

function poolOf(
  workload: Workload,
  plan: RunPlan,
  tasks: number | null,
  inputs: number | null,
  now: string,
): Forecast['pool'] {
  const { pool } = workload;
  const start = firstNodes(workload, inputs);
  const nodesForTasks = tasks === null ? null : nodesFor(workload, tasks);
  return {
    id: plan.poolId,
    vmSize: vmSizeOf(pool),
    slotsPerNode: pool.slotsPerNode,
    firstNodes: start,
    nodesForTasks,
    maxNodes: pool.maxNodes,
    formula: autoscaleFormula(workload, plan, start, now),
    formulaGives: `${start} at once; then as many as the pending tasks need, at most ${pool.maxNodes}; 0 from ${nodesEnd(plan)} on`,
  };
}

function tasksOf(workload: Workload, found: readonly BlobFound[] | null): Forecast['tasks'] {
  const { work } = workload;
  const units = work.kind === 'perBlob' ? (found?.length ?? 0) : null;
  const own = units === null ? tasksKnownIn(work) : tasksFor(work, units);
  const count = work.kind === 'whole' ? 1 : own;
  return {
    count,
    atMost: 'maxTasks' in work ? work.maxTasks : count,
    first: previewOf(workload, found ?? []),
  };
}

function previewOf({ work }: Workload, found: readonly BlobFound[]): TaskPreview[] {
  const first: TaskPreview[] = [];
  if ('jobManager' in work) {
    first.push({
      id: JOB_MANAGER_ID,
      command: work.jobManager.command,
      about: 'runs when the job is made',
    });
  }
  first.push(...unitsOf(work, found).slice(0, SHOWN));
  if ('merge' in work && work.merge !== undefined) {
    first.push({
      id: MERGE_ID,
      command: work.merge.command,
      about: 'runs when all others have ended',
    });
  }
  return first;
}

function unitsOf(work: Workload['work'], found: readonly BlobFound[]): TaskPreview[] {
  switch (work.kind) {
    case 'whole':
      return [];
    case 'split':
      return [
        { id: '(from the manifest)', command: work.task.command, about: 'as the job manager says' },
      ];
    case 'perBlob':
      return found
        .slice(0, SHOWN)
        .map(({ name }) => ({ id: '(from the name)', command: work.task.command, about: name }));
    case 'sweep':
      return Array.from({ length: Math.min(SHOWN, combinationsIn(work)) }, (_, index) => ({
        id: '(from the values)',
        command: work.task.command,
        about: wordsOfCombination(combinationAt(work, index)),
      }));
    case 'tasks':
      return work.tasks.slice(0, SHOWN).map(({ id, after, task }) => ({
        id,
        command: (task ?? work.task)?.command ?? '',
        about: after.length === 0 ? 'waits for none' : `waits for ${after.join(', ')}`,
      }));
  }
}

function estimateOf(
  { latest, prices }: ForecastTools,
  workload: Workload,
  idle: boolean,
): Estimate {
  const { pool, deadlineMinutes } = workload;
  const price = pool.pricePerNodeHour ?? prices[vmSizeOf(pool).toLowerCase()] ?? null;
  const cost = (nodeMinutes: number | null) =>
    price === null || nodeMinutes === null ? null : Number(((nodeMinutes / 60) * price).toFixed(4));
  const good = latest.filter(
    ({ outcome, tasks }) => outcome.kind === 'succeeded' && tasks.succeeded > 0,
  );
  const nodeMinutes = idle ? 0 : median(good.map((record) => record.nodeMinutes));
  const capNodeMinutes = idle
    ? 0
    : pool.maxNodes * (deadlineMinutes + HARVEST_MINUTES + EVALUATION_MINUTES + REMOVAL_MINUTES);
  return {
    fromRuns: good.length,
    minutes: idle ? 0 : median(good.map(minutesOf)),
    nodeMinutes,
    cost: cost(nodeMinutes),
    capNodeMinutes,
    capCost: cost(capNodeMinutes),
  };
}

function minutesOf({ startedAt, endedAt }: RunRecord): number {
  return Number(((Date.parse(endedAt) - Date.parse(startedAt)) / 60_000).toFixed(1));
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
