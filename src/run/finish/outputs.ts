import { eachAtOnce } from '../../concurrency';
import { Failure } from '../../failure';
import type { Files } from '../ports';
import { LOGS_FOLDER } from '../names';

const DELETIONS_AT_ONCE = 16;

/** Deletes either the logs or the outputs of an output container and keeps the rest. Idempotent. */
export async function deleteOnly(
  files: Files,
  container: string,
  what: 'logs' | 'outputs',
): Promise<void> {
  const logs = `${LOGS_FOLDER}/`;
  const blobs = files.list(container, what === 'logs' ? logs : undefined);
  await eachAtOnce(blobs, DELETIONS_AT_ONCE, async ({ name }) => {
    if (what === 'outputs' && name.startsWith(logs)) return;
    await files.remove(container, name).catch((error: unknown) => {
      // A name that the client cannot address is deleted with the container.
      if (!(error instanceof Failure && error.code === 'inputRefused')) throw error;
    });
  });
}
