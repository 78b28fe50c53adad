import type { Files } from './ports';
import type { RunPlan } from './run';
import { cancelBlob, lockBlob, recordBlob, RUNS_CONTAINER } from './names';
import { workloadOf, type ActivityContext } from './activity-context';

export type Admission =
  | { readonly kind: 'admitted' | 'recordedBefore' | 'cancelled' }
  | { readonly kind: 'busy'; readonly holder: string };

/** Admits a run: takes the run lock of its workload, unless the workload allows overlapping runs. */
export async function admit(
  { files, workloads }: ActivityContext,
  { plan, now }: { plan: RunPlan; now: string },
): Promise<Admission> {
  await files.makeContainer(RUNS_CONTAINER, {});
  if ((await files.find(RUNS_CONTAINER, recordBlob(plan.runId))) !== null) {
    return { kind: 'recordedBefore' };
  }
  if (await cancelRequested(files, plan.runId)) return { kind: 'cancelled' };
  if (workloadOf(workloads, plan).overlap === 'allow') return { kind: 'admitted' };

  const name = lockBlob(plan.workload);
  const lock: Lock = {
    runId: plan.runId,
    until: new Date(Date.parse(plan.deadline) + LOCK_GRACE_MS).toISOString(),
  };
  for (;;) {
    if (await files.claim(RUNS_CONTAINER, name, JSON.stringify(lock))) return { kind: 'admitted' };
    const held = await lockHeld(files, name);
    if (held === null) continue;
    if (held.runId === plan.runId) return { kind: 'admitted' };
    if (held.until >= now) return { kind: 'busy', holder: held.runId };
    await files.remove(RUNS_CONTAINER, name, held.etag);
  }
}

/** The content of a lock blob: the run that holds the lock, and its expiry. */
interface Lock {
  readonly runId: string;
  readonly until: string;
}

/** A lock expires this long after the deadline of its run; another run may take it then. */
const LOCK_GRACE_MS = 6 * 3_600_000;

export async function cancelRequested(files: Files, runId: string): Promise<boolean> {
  return (await files.find(RUNS_CONTAINER, cancelBlob(runId))) !== null;
}

/** Returns the lock, or null when no run holds it. */
export async function lockHeld(
  files: Files,
  name: string,
): Promise<(Lock & { etag: string }) | null> {
  const found = await files.find(RUNS_CONTAINER, name);
  const text = await files.readText(RUNS_CONTAINER, name, 1024);
  if (found === null || text === null) return null;
  return { ...(JSON.parse(text) as Lock), etag: found.etag };
}

export async function releaseLock({ files }: ActivityContext, plan: RunPlan): Promise<void> {
  const name = lockBlob(plan.workload);
  const held = await lockHeld(files, name);
  if (held?.runId === plan.runId) await files.remove(RUNS_CONTAINER, name, held.etag);
}
