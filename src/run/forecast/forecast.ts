import { Failure } from '../../failure';
import { checkAccount, type AccountForecast } from './account-check';
import { estimateOf, type Estimate } from './estimate';
import { vmSizeOf } from '../../workload/node-defaults';
import { planRun, type PlanInput } from '../plan';
import type { BlobFound, Ports } from '../ports';
import type { Quotas } from './quotas';
import type { RunPlan, RunRecord, RunRequest } from '../run';
import { previewOf, PREVIEW_LIMIT, type TaskPreview } from './task-preview';
import { warningsOf } from '../../workload/checks/warnings';
import { tasksFor, tasksKnownIn } from '../../workload/work-schema';
import type { Workload } from '../../workload/workload';
import {
  autoscaleFormula,
  firstNodes,
  scaleInTime,
  nodesFor,
} from '../provision/autoscale-formula';
import { registrySecretsOf, secretsOf } from '../../workload/programs';
import { findInputs } from '../stage/find-inputs';

/** The plan of a run: the resources it would create, what it needs, and its cost. */
export interface Forecast {
  readonly workload: string;
  /** Errors that would make the run fail; empty when the run can start. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly inputs: {
    readonly count: number;
    readonly bytes: number;
    readonly first: readonly string[];
  } | null;
  /** Null when there is nothing to do; `isMade` is false for an existing pool. */
  readonly pool: PoolForecast | { readonly isMade: false; readonly id: string } | null;
  readonly job: { readonly id: string; readonly containers: readonly string[] } | null;
  readonly tasks: {
    /** Null when the job manager decides the number of tasks. */
    readonly count: number | null;
    readonly atMost: number | null;
    readonly first: readonly TaskPreview[];
  };
  readonly secrets: readonly { readonly name: string; readonly isReadable: boolean }[];
  readonly account: AccountForecast;
  readonly estimate: Estimate;
}

export interface PoolForecast {
  readonly isMade: true;
  readonly id: string;
  readonly vmSize: string;
  readonly slotsPerNode: number;
  readonly firstNodes: number;
  readonly nodesForTasks: number | null;
  readonly maxNodes: number;
  readonly formula: string;
  /** The node targets of the formula over time, in one sentence. */
  readonly formulaGives: string;
}

export interface ForecastContext extends Ports, Quotas {
  /** Records of the workload's latest runs, newest first. */
  readonly latest: readonly RunRecord[];
}

/** Reads inputs, secrets and the Batch account, and predicts the run. Creates and changes nothing. */
export async function forecast(
  context: ForecastContext,
  workload: Workload,
  request: RunRequest,
  now: string,
): Promise<Forecast> {
  const { found, inputError } = await inputsOf(context, workload, request, now);
  const secrets = await checkSecrets(context, workload);
  const { account, ...issues } = await checkAccount(context, workload, now);
  const tasks = tasksOf(workload, found);
  // A run without tasks creates neither pool nor job.
  const idle = found?.length === 0 || tasks.count === 0;
  const plan = planRun(workload, plannedInput(request), now);
  return {
    workload: workload.name,
    errors: [
      ...(inputError === null ? [] : [inputError]),
      ...secrets.flatMap(({ name, isReadable }) =>
        isReadable ? [] : [`secret ${name} cannot be read; store it in the vault`],
      ),
      ...issues.errors,
    ],
    warnings: [...warningsOf(workload), ...issues.warnings],
    inputs: found === null ? null : summaryOf(found),
    pool: idle ? null : poolOf(workload, plan, tasks.count, found?.length ?? null, now),
    job: idle
      ? null
      : { id: plan.jobId, containers: [plan.stagingContainer, plan.outputContainer] },
    tasks,
    secrets,
    account,
    estimate: estimateOf(context.latest, workload, idle),
  };
}

/** A plan names its run only by example: the id is given when the run is registered. */
function plannedInput(request: RunRequest): PlanInput {
  const runId = `${request.workload}-planned`;
  return { runId, owner: 'planned', term: 1, instant: '', request };
}

async function inputsOf(
  context: ForecastContext,
  workload: Workload,
  request: RunRequest,
  now: string,
): Promise<{ found: readonly BlobFound[] | null; inputError: string | null }> {
  if (workload.inputs === undefined) return { found: null, inputError: null };
  try {
    return {
      found: await findInputs(context, workload, planRun(workload, plannedInput(request), now)),
      inputError: null,
    };
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'serviceUnavailable') throw error;
    return { found: null, inputError: error.message };
  }
}

/** Reads each secret and discards its value: no other call shows whether the app may read it. */
async function checkSecrets({ secrets }: ForecastContext, workload: Workload) {
  const names = [...new Set([...secretsOf(workload), ...registrySecretsOf(workload)])];
  return Promise.all(
    names.map(async (name) => {
      try {
        await secrets.read(name);
        return { name, isReadable: true };
      } catch (error) {
        if (!(error instanceof Failure) || error.code === 'serviceUnavailable') throw error;
        return { name, isReadable: false };
      }
    }),
  );
}

function summaryOf(found: readonly BlobFound[]) {
  return {
    count: found.length,
    bytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
    first: found.slice(0, PREVIEW_LIMIT).map(({ name }) => name),
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
  if (pool.existing !== undefined) return { isMade: false, id: plan.poolId };
  const start = firstNodes(workload, inputs);
  const dedicated = Math.min(pool.dedicatedNodes, start);
  const nodesForTasks = tasks === null ? null : nodesFor(workload, tasks);
  return {
    isMade: true,
    id: plan.poolId,
    vmSize: vmSizeOf(pool),
    slotsPerNode: pool.slotsPerNode,
    firstNodes: start,
    nodesForTasks,
    maxNodes: pool.maxNodes,
    formula: autoscaleFormula(workload, plan, start, now),
    formulaGives: `${start} at once${dedicated === 0 ? '' : ` (${dedicated} dedicated)`}; then as many as the pending tasks need, at most ${pool.maxNodes}; 0 after ${scaleInTime(plan)}`,
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
    first: previewOf(work, found ?? []),
  };
}
