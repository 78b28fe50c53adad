import { failureOf } from '../execution/failures';
import type { Account, Node } from '../state/account';
import type { Problem } from '../state/records';
import { endTask, requeueTask } from '../tasks/lifecycle';
import { moveNode, moves } from './moves';

export function problemOf(code: string, message: string): Problem {
  return { code, message, values: [] };
}

/** Makes a node unusable: it can run no tasks any more, and is billed until it is removed. */
export function breakNode(account: Account, node: Node, problems: readonly Problem[]): void {
  if (moves[node.record.state].broken === undefined) return;
  delete node.record.due;
  account.agenda.clear(`node ${node.record.id}`);
  node.record.problems = problems;
  stopEverything(account, node, 'requeue');
  moveNode(account, node, 'broken');
}

export function stopEverything(
  account: Account,
  node: Node,
  option: 'requeue' | 'terminate',
): void {
  for (const { job, task, isOver } of node.attempts.values()) {
    if (isOver) continue;
    if (option === 'requeue') requeueTask(account, job, task);
    else endTask(account, job, task, failureOf('TaskEnded'));
  }
  for (const special of node.special) special.abort();
}
