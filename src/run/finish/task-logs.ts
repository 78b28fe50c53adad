import { LOGS_FOLDER } from '../names';
import type { ActivityContext } from '../activity-context';
import type { FailedTask } from '../ports';
import type { RunPlan } from '../run';
import { describeFailure, lastLine, wholeLines, type TaskFailure } from './cause';

/** The error output of tasks, which upload their logs when they end. */

/** Enough for the last lines; a log may have gigabytes. */
const TAIL_BYTES = 16 * 1024;

/** The line of a task's error output that says most; null without one. */
export async function lastLineOf(
  { files, workloads }: Pick<ActivityContext, 'files' | 'workloads'>,
  plan: RunPlan,
  taskId: string,
): Promise<string | null> {
  const name = `${LOGS_FOLDER}/${taskId}/stderr.txt`;
  const part = { offset: -TAIL_BYTES, maxBytes: TAIL_BYTES };
  const found = await files.readPart(plan.outputContainer, name, part);
  if (found === null) return null;
  const encoding = workloads.get(plan.workload)?.logEncoding;
  const text = new TextDecoder(encoding).decode(found.bytes);
  return lastLine(wholeLines(text, found.offset > 0));
}

/** Completes "task x …" with the end of its error output. */
export async function describeEnd(
  context: Pick<ActivityContext, 'files' | 'workloads'>,
  plan: RunPlan,
  task: TaskFailure & Pick<FailedTask, 'id'>,
): Promise<string> {
  const failure = describeFailure(task);
  const line = await lastLineOf(context, plan, task.id);
  return line === null || failure.includes(line) ? failure : `${failure}: ${line}`;
}
