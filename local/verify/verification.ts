import type { BlobServiceClient } from '@azure/storage-blob';
import { drop } from '../cli/storage-access';
import { hasEnded, type Run } from '../cli/runs';
import { UserError } from '../error-line';
import { cancel, readRun, type AppClient } from './app-client';

/** The services, names and limits that all checks of one verification share. */
export interface Verification {
  readonly app: AppClient;
  /** Storage of the app; null when it is not known, and so no input can be uploaded. */
  readonly blobs: BlobServiceClient | null;
  /** Part of the name of everything that the verification makes. */
  readonly stamp: string;
  /** ISO 8601, on the clock of the app: the start of the verification. */
  readonly since: string;
  readonly say: (line: string) => void;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Between two looks at the same run, in milliseconds. */
  readonly pollEveryMs: number;
  /** Requests for the status of one run, at most. */
  readonly maxPolls: number;
  /** False for the local environment, where durations depend on the machine and the clock's speed. */
  readonly judgesDurations: boolean;
  /** Blobs and runs to remove at the end, whatever happens. */
  readonly made: Made;
}

export interface Made {
  readonly blobs: { readonly container: string; readonly name: string }[];
  readonly runIds: Set<string>;
}

/** Looks again and again until `look` finds something. Undefined when it found nothing in time. */
export async function eventually<Found>(
  { sleep, pollEveryMs, maxPolls }: Verification,
  look: () => Promise<Found | undefined>,
): Promise<Found | undefined> {
  for (let polls = 0; polls < maxPolls; polls++) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(pollEveryMs);
  }
  return undefined;
}

/** @throws UserError when the run is still active after all polls */
export async function follow(verification: Verification, runId: string): Promise<Run> {
  let shown = '';
  const run = await eventually(verification, async () => {
    const seen = await readRun(verification.app, runId);
    const line = `  ${seen.phase ?? seen.status}${seen.waitingFor === null ? '' : `: waiting for ${seen.waitingFor}`}`;
    if (line !== shown) verification.say(line);
    shown = line;
    return hasEnded(seen) ? seen : undefined;
  });
  if (run === undefined) throw new UserError(`run ${runId} did not end in the time of --wait`);
  verification.made.runIds.delete(runId);
  return run;
}

export async function upload(
  { blobs, made }: Verification,
  container: string,
  name: string,
  content: string,
): Promise<void> {
  if (blobs === null) throw new UserError('no input can be uploaded: --storage is missing');
  made.blobs.push({ container, name });
  await drop(blobs, container, name, content);
}

/** Cancels every run that has not ended and deletes every uploaded blob. Reports what it could not remove. */
export async function cleanUp({ app, blobs, made, say }: Verification): Promise<void> {
  for (const runId of made.runIds) {
    await cancel(app, runId).catch((error: unknown) =>
      say(`run ${runId} was not cancelled: ${String(error)}`),
    );
  }
  for (const { container, name } of made.blobs) {
    await blobs
      ?.getContainerClient(container)
      .deleteBlob(name)
      .catch((error: unknown) => say(`${container}/${name} was not deleted: ${String(error)}`));
  }
}
