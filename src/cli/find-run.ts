import type { Send } from '../client/api';
import { ApiError } from '../client/api-error';
import { listRuns, showRun } from '../client/runs';
import { CommandFailed } from './program';
import { printable } from './text';

const RUN_ID = /^[a-z][a-z0-9-]*-\d{8}t\d{6}-[0-9a-f]{10}$/;

/** The argument of commands that read a run. */
export const RUN_ARGUMENT = ['<run>', 'id of a run, or a workload for its newest run'] as const;

/** The id of a run that is named by its id, or as the newest of its workload. */
export async function findRunId(send: Send, name: string): Promise<string> {
  if (RUN_ID.test(name)) return name;
  try {
    const [newest] = (await listRuns(send, { workload: name, limit: 1 })).runs;
    if (newest !== undefined) return newest.runId;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    // Ids of the version before had another form.
    if (await exists(send, name)) return name;
    const message = `${JSON.stringify(name)} is not a run id, and ${error.message}`;
    throw new CommandFailed(printable(message), undefined, { cause: error });
  }
  throw new CommandFailed(
    printable(`workload ${name} has not run yet; nightshift start-run ${name} starts it`),
  );
}

async function exists(send: Send, runId: string): Promise<boolean> {
  try {
    await showRun(send, runId);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

export function isNotFound(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status === 404 && error.code !== null;
}
