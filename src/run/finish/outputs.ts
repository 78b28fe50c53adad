import { eachAtOnce } from '../../concurrency';
import { Failure } from '../../failure';
import type { Files } from '../ports';
import { LOGS_FOLDER } from '../names';

/** What lies in the output container of a run: logs, and all the rest. */

const REMOVALS_AT_ONCE = 16;

/** Deletes the one and keeps the other; the container stays. Repeated, it finds nothing to do. */
export async function deleteOnly(
  files: Files,
  container: string,
  what: 'logs' | 'outputs',
): Promise<void> {
  const logs = `${LOGS_FOLDER}/`;
  const blobs = files.list(container, what === 'logs' ? logs : undefined);
  await eachAtOnce(blobs, REMOVALS_AT_ONCE, async ({ name }) => {
    if (what === 'outputs' && name.startsWith(logs)) return;
    await files.remove(container, name).catch((error: unknown) => {
      // A name that no client can address goes with the container.
      if (!(error instanceof Failure && error.code === 'inputRefused')) throw error;
    });
  });
}
