import type { Account, Attempt } from '../state/account';
import type { ExecutionResult } from './execution';

/** The result of a task with a script (`/_local/scripts`): no process runs, only time passes. */
export async function scriptedResult(
  account: Account,
  { job, task, abort, node }: Attempt,
): Promise<ExecutionResult | undefined> {
  const name = `${job.record.spec.id}/${task.spec.id}`;
  const script = account.scripts.find(({ pattern }) => pattern.test(name));
  if (script === undefined) return undefined;
  const key = `scripted ${node.record.id} ${name.toLowerCase()}`;
  await new Promise<void>((resolve) => {
    account.wakeAt(key, account.now() + script.afterSeconds * 1000, resolve);
    abort.signal.addEventListener('abort', () => resolve());
  });
  account.agenda.clear(key);
  if (abort.signal.aborted) return { kind: 'aborted' };
  return { kind: 'exited', exitCode: script.exitCode };
}
