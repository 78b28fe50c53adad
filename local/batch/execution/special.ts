import type { ContainerSettings, ResourceFile } from '../bodies/common';
import type { Account, Node } from '../state/account';
import type { NamedValue, ExecutionInfo } from '../state/records';
import { nodeFolders } from './directories';
import { type Purpose, taskEnvironment } from './environment';
import { execute } from './execute';
import { failureOf } from './failures';
import type { ExecutionResult } from './execution';

type Settings = readonly { readonly name: string; readonly value?: string | undefined }[];

/** A start, preparation or release task: it holds no slot and is not listed among the tasks. */
export interface SpecialTask {
  readonly purpose: Purpose;
  readonly commandLine: string;
  readonly resourceFiles?: readonly ResourceFile[] | undefined;
  readonly container?: ContainerSettings | undefined;
  readonly packages: readonly NamedValue[];
  readonly settings: readonly (Settings | undefined)[];
  /** −1 means unlimited. */
  readonly maxRetries: number;
  readonly limitMs: number;
}

/**
 * Runs a special task with its retries, calling `report` after every change. Returns undefined when
 * the node was stopped in the meantime.
 */
export async function runSpecial(
  account: Account,
  node: Node,
  task: SpecialTask,
  report: (info: ExecutionInfo) => void,
): Promise<ExecutionInfo | undefined> {
  const abort = new AbortController();
  node.special.add(abort);
  const info: ExecutionInfo = { startedAt: account.now(), retryCount: 0, state: 'running' };
  const tell = () => account.runExclusive(() => report(info));
  tell();
  try {
    for (;;) {
      const ending = await runOnce(account, node, task, info.startedAt, abort.signal);
      if (ending.kind === 'aborted') return undefined;
      const isFailure = ending.kind !== 'exited' || ending.exitCode !== 0;
      const mayRetry = task.maxRetries === -1 || info.retryCount < task.maxRetries;
      if (!isFailure || ending.kind !== 'exited' || !mayRetry) {
        finish(account, info, ending);
        return info;
      }
      info.retryCount += 1;
      info.lastRetryAt = account.now();
      tell();
    }
  } finally {
    node.special.delete(abort);
    if (info.state === 'completed') tell();
    account.runExclusive(() => account.reviewNode(node));
  }
}

function runOnce(
  account: Account,
  node: Node,
  task: SpecialTask,
  startedAt: number,
  signal: AbortSignal,
): Promise<ExecutionResult> {
  const key = `wall-clock ${node.record.id} ${task.purpose.kind} ${task.purpose.job?.key ?? ''}`;
  return execute(
    {
      nodeId: node.record.id,
      folder: task.purpose.folder,
      processesFolder: nodeFolders(account, node).processes,
      commandLine: task.commandLine,
      environment: taskEnvironment(account, node, task.purpose, task.packages, ...task.settings),
      resourceFiles: task.resourceFiles ?? [],
      outputFiles: [],
      container: task.container,
      autoStorageContainer: account.options.autoStorageContainer,
      startTimer: (end) => {
        if (!Number.isFinite(task.limitMs)) return () => {};
        account.wakeAt(key, startedAt + task.limitMs, end);
        return () => account.agenda.clear(key);
      },
    },
    signal,
  );
}

function finish(
  account: Account,
  info: ExecutionInfo,
  ending: Exclude<ExecutionResult, { kind: 'aborted' }>,
): void {
  info.state = 'completed';
  info.endedAt = account.now();
  if (ending.exitCode !== undefined) info.exitCode = ending.exitCode;
  info.result = ending.kind === 'exited' && ending.exitCode === 0 ? 'success' : 'failure';
  if (ending.kind === 'failed') info.failure = ending.failure;
  else if (ending.kind === 'timedOut') info.failure = failureOf('TaskEnded');
  else if (ending.exitCode !== 0) info.failure = failureOf('FailureExitCode');
}
