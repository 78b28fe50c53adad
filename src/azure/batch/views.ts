import type { BatchServiceModels as Models } from '@azure/batch';
import { plainText, redact, truncate } from '../../failure';
import type { JobView, NodeCounts, PoolView, JobManagerView } from '../../run/run';

/**
 * Converts pools, jobs and tasks of the Batch service into the types of a run. The service returns
 * enums in another case than the client's types (`UserError`, `Spread`), so they are compared in
 * lower case.
 */

/** The count to which each node state belongs. A state that is not listed counts as unusable. */
const nodeStates: Readonly<Record<string, keyof NodeCounts>> = {
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
  for (const node of nodes) counts[nodeStateOf(node)] += 1;
  return counts;
}

export function nodeStateOf({ state }: Models.ComputeNode): keyof NodeCounts {
  return nodeStates[lower(state)] ?? 'unusable';
}

export function poolView(pool: Models.CloudPool, nodes: readonly Models.ComputeNode[]): PoolView {
  const formulaError = pool.autoScaleRun?.error;
  return {
    state: lower(pool.state) === 'deleting' ? 'deleting' : 'active',
    resizing: lower(pool.allocationState) !== 'steady',
    targetNodes: (pool.targetLowPriorityNodes ?? 0) + (pool.targetDedicatedNodes ?? 0),
    nodes: countNodes(nodes),
    dedicatedNodes: nodes.filter(({ isDedicated }) => isDedicated === true).length,
    // The service lists errors of an earlier resize while a new resize is in progress.
    resizeErrors:
      lower(pool.allocationState) === 'steady'
        ? distinct((pool.resizeErrors ?? []).map(formatPoolError))
        : [],
    nodeErrors: nodeErrors(nodes),
    formulaError: formulaError === undefined ? null : formatPoolError(formulaError),
    failedNodes: nodes
      .filter(({ state }) => FAILED_STATES.has(lower(state)))
      .slice(0, MAX_NODES)
      .map(({ id = '' }) => id),
    nodesInSetup: nodesInSetup(nodes),
    allocatedAt: meanAllocation(nodes),
  };
}

/** Bound of the nodes that a view names: it becomes part of the durable history. */
const MAX_NODES = 20;
/** An offline or unknown node may return by itself; a node in one of these states does not. */
const FAILED_STATES: ReadonlySet<string> = new Set(['starttaskfailed', 'unusable']);

/** A node changes its state when its start task starts, and not when the start task is retried. */
function nodesInSetup(nodes: readonly Models.ComputeNode[]): PoolView['nodesInSetup'] {
  return nodes
    .filter(({ state }) => lower(state) === 'waitingforstarttask')
    .flatMap(({ id = '', stateTransitionTime }) =>
      stateTransitionTime === undefined
        ? []
        : [{ id, since: new Date(stateTransitionTime).toISOString() }],
    )
    .sort((one, other) => one.since.localeCompare(other.since))
    .slice(0, MAX_NODES);
}

function meanAllocation(nodes: readonly Models.ComputeNode[]): string | null {
  const times = nodes.flatMap(({ state, allocationTime }) =>
    lower(state) === 'preempted' || allocationTime === undefined
      ? []
      : [new Date(allocationTime).getTime()],
  );
  if (times.length === 0) return null;
  return new Date(times.reduce((sum, time) => sum + time / times.length, 0)).toISOString();
}

/** The nodes of a pool usually fail for the same few reasons. */
const MAX_ERRORS = 3;
/** Errors are shown in the status of the run, which Durable Functions limits to 16 KB. */
const ERROR_CHARACTERS = 500;

function nodeErrors(nodes: readonly Models.ComputeNode[]): string[] {
  const unusable = nodes.filter(({ state }) => lower(state) === 'unusable');
  return distinct(unusable.flatMap(errorsOfNode));
}

export function errorsOfNode({ errors = [] }: Models.ComputeNode): string[] {
  return errors.map(({ code, message, errorDetails = [] }) => {
    const details = errorDetails.map(({ name, value }) => `${name}: ${value}`).join('; ');
    return truncate(
      redact(`${code}: ${message}${details === '' ? '' : ` (${details})`}`),
      ERROR_CHARACTERS,
    );
  });
}

function formatPoolError({ code = '', message = '' }: { code?: string; message?: string }): string {
  return truncate(`${code}: ${message}`, ERROR_CHARACTERS);
}

function distinct(errors: readonly string[]): string[] {
  return [...new Set(errors)].slice(0, MAX_ERRORS);
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
    jobManager: hasManager ? jobManagerView(jobManager) : null,
  };
}

/** A job manager task that does not exist yet counts as waiting. */
function jobManagerView(task: Models.CloudTask | null): JobManagerView {
  const info = task?.executionInfo;
  return {
    state: taskStateOf(task),
    exitCode: info?.exitCode ?? null,
    cause: causeOf(task),
    retries: info?.retryCount ?? 0,
    requeues: info?.requeueCount ?? 0,
  };
}

export function taskStateOf(task: Models.CloudTask | null): JobManagerView['state'] {
  const state = lower(task?.state);
  if (state === 'completed') {
    return lower(task?.executionInfo?.result) === 'success' ? 'succeeded' : 'failed';
  }
  return state === 'running' || state === 'preparing' ? 'running' : 'waiting';
}

/** Bound of a reason: a service or an image may give one of many lines. */
const CAUSE_CHARACTERS = 500;

/**
 * The reason of a task failure: the service's code, message and details, each once, and the name of a
 * program that the node does not have.
 */
export function causeOf(task: Models.CloudTask | null): string | null {
  const failure = task?.executionInfo?.failureInfo;
  if (failure === undefined) return null;
  const { code = 'Unknown', message = '', details = [] } = failure;
  const program = code === 'CommandProgramNotFound' ? programOf(task) : '';
  const values = details.map(({ value = '' }) => value);
  const parts = [message, values.join('; '), program].map((part) => plainText(redact(part)).trim());
  const said = parts.filter(
    (part, index) => part !== '' && !parts.slice(0, index).some((before) => before.includes(part)),
  );
  return truncate([code, ...said].join(': '), CAUSE_CHARACTERS);
}

/** The first word of a command line, which is a constant of the declaration. */
function programOf(task: Models.CloudTask | null): string {
  return /^\s*["']?([^\s"']+)/.exec(task?.commandLine ?? '')?.[1] ?? '';
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
