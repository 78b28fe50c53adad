import type { BatchServiceModels as Models } from '@azure/batch';
import { redact } from '../../failure';
import type { JobView, NodeCounts, PoolView, TaskEnd } from '../../run/run';

/**
 * What the Batch service shows, in a run's words. Its enums come back in another case than the
 * client's types say (`UserError`, `Spread`), so they are compared in lower case.
 */

/** Where each node state is counted. A state that is not listed is none that could work. */
const countedAs: Readonly<Record<string, keyof NodeCounts>> = {
  creating: 'starting',
  starting: 'starting',
  rebooting: 'starting',
  reimaging: 'starting',
  upgradingos: 'starting',
  waitingforstarttask: 'waitingForStartTask',
  starttaskfailed: 'startTaskFailed',
  idle: 'idle',
  running: 'running',
  preempted: 'preempted',
  leavingpool: 'leaving',
};

export function countNodes(nodes: readonly Models.ComputeNode[]): NodeCounts {
  const counts: Record<keyof NodeCounts, number> = {
    starting: 0,
    waitingForStartTask: 0,
    startTaskFailed: 0,
    idle: 0,
    running: 0,
    unusable: 0,
    preempted: 0,
    leaving: 0,
  };
  for (const node of nodes) counts[countedAs[lower(node.state)] ?? 'unusable'] += 1;
  return counts;
}

export function poolView(pool: Models.CloudPool, nodes: readonly Models.ComputeNode[]): PoolView {
  const formulaError = pool.autoScaleRun?.error;
  return {
    state: lower(pool.state) === 'deleting' ? 'deleting' : 'active',
    resizing: lower(pool.allocationState) !== 'steady',
    targetNodes: (pool.targetLowPriorityNodes ?? 0) + (pool.targetDedicatedNodes ?? 0),
    nodes: countNodes(nodes),
    dedicatedNodes: nodes.filter(({ isDedicated }) => isDedicated === true).length,
    // Errors of an earlier resize stay listed while a new one is under way.
    resizeErrors:
      lower(pool.allocationState) === 'steady'
        ? (pool.resizeErrors ?? []).map(({ code, message }) => `${code}: ${message}`)
        : [],
    nodeErrors: nodeErrors(nodes),
    formulaError:
      formulaError === undefined ? null : `${formulaError.code}: ${formulaError.message}`,
  };
}

/** Nodes of a pool break for the same few reasons. */
const NODE_ERRORS_SHOWN = 3;
/** They are told in the status of the run, for which Durable Functions has 16 KB in all. */
const NODE_ERROR_CHARACTERS = 500;

function nodeErrors(nodes: readonly Models.ComputeNode[]): string[] {
  const unusable = nodes.filter(({ state }) => lower(state) === 'unusable');
  const said = unusable.flatMap(({ errors = [] }) =>
    errors.map(({ code, message, errorDetails = [] }) => {
      const details = errorDetails.map(({ name, value }) => `${name}: ${value}`).join('; ');
      const words = `${code}: ${message}${details === '' ? '' : ` (${details})`}`;
      return redact(words).slice(0, NODE_ERROR_CHARACTERS);
    }),
  );
  return [...new Set(said)].slice(0, NODE_ERRORS_SHOWN);
}

export function jobView(job: Models.CloudJob, jobManager: Models.CloudTask | null): JobView {
  const states: Readonly<Record<string, JobView['state']>> = {
    terminating: 'ending',
    completed: 'completed',
    deleting: 'deleting',
  };
  const hasManager = job.jobManagerTask !== undefined;
  return {
    state: states[lower(job.state)] ?? 'active',
    terminateReason: job.executionInfo?.terminateReason ?? null,
    jobManager: hasManager ? taskEnd(jobManager) : null,
  };
}

/** A job manager that is not listed yet waits like any other. */
function taskEnd(task: Models.CloudTask | null): TaskEnd {
  const info = task?.executionInfo;
  return {
    state: stateOf(task),
    exitCode: info?.exitCode ?? null,
    cause: causeOf(task),
    retries: info?.retryCount ?? 0,
    requeues: info?.requeueCount ?? 0,
  };
}

function stateOf(task: Models.CloudTask | null): TaskEnd['state'] {
  const state = lower(task?.state);
  if (state === 'completed') {
    return lower(task?.executionInfo?.result) === 'success' ? 'succeeded' : 'failed';
  }
  return state === 'running' || state === 'preparing' ? 'running' : 'waiting';
}

/** Why a task failed: the service's code, its words and its details. */
export function causeOf(task: Models.CloudTask | null): string | null {
  const failure = task?.executionInfo?.failureInfo;
  if (failure === undefined) return null;
  const details = (failure.details ?? []).map(({ value }) => value).join('; ');
  return [failure.code, failure.message, details].filter((part) => (part ?? '') !== '').join(': ');
}

export function lower(value: string | undefined): string {
  return (value ?? '').toLowerCase();
}

export function metadataValue(
  entity: { metadata?: Models.MetadataItem[] },
  name: string,
): string | undefined {
  return entity.metadata?.find((item) => item.name === name)?.value;
}
