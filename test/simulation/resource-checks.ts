import { SECRET, SHARED_POOL } from '../../src/rehearse/catalogue';
import { billOf } from '../../src/rehearse/batch-nodes';
import type { Pool } from '../../src/rehearse/batch-state';
import { hasEnded } from '../../src/rehearse/engine';
import { SIGNATURE } from '../../src/rehearse/files-model';
import type { Played } from '../../src/rehearse/play';
import { estimateOf } from '../../src/run/forecast/estimate';
import { hasFault, isLong, MINUTE_MS, turnOf, was, type RunFacts } from './facts';

/** Checks of pools, jobs, containers and locks: what is there, whose it is, what it costs. */

type Runs = readonly RunFacts[];

export function oneJob({ apps }: Played, runs: Runs): string[] {
  const found = runs.flatMap((run) => {
    if (run.jobs.length <= 1 || apps.length > 1) return [];
    if (was(run, 'deletion', 'stopAll', 'terminate', 'purge')) return [];
    return [`${run.runId} had ${run.jobs.length} jobs`];
  });
  const seen = new Set<string>();
  for (const { app, runId, request, record } of runs) {
    // A request whose run was skipped may be repeated with its key.
    if (record?.outcome.kind === 'skipped') continue;
    const key = JSON.stringify([app.id, request.workload, request.occurrence]);
    if (seen.has(key)) found.push(`${runId} has the occurrence of another run`);
    seen.add(key);
  }
  return found;
}

export function leftovers({ apps, batch }: Played): string[] {
  const found: string[] = [];
  for (const { app, id, spec, nodes, isDeleting } of batch.pools.values()) {
    if (app === null) continue;
    const isRetained = (spec?.retainedUntil ?? null) !== null;
    if (!isRetained && !isDeleting) found.push(`pool ${id}`);
    if (isRetained && nodes.size > 0) found.push(`${nodes.size} nodes of the retained pool ${id}`);
  }
  for (const { app, id, isDeleting } of batch.jobs.values()) {
    if (app !== null && !isDeleting) found.push(`job ${id}`);
  }
  for (const { hub, parts } of apps) {
    for (const [name, { labels }] of parts.files.containers) {
      if (name.endsWith('-in') && 'nightshiftrun' in labels) found.push(`container ${name}`);
    }
    for (const instance of hub.instances.values()) {
      if (hasEnded(instance)) continue;
      found.push(`run ${instance.id} (${instance.customStatus ?? ''})`);
    }
  }
  return found;
}

export function underCap(world: Played, runs: Runs): string[] {
  const { agenda, plan } = world;
  // A formula that Batch refuses is set again by the app alone, which Batch does not admit meanwhile.
  if (plan.weather.formulaErrors > 0 && isLong(world, 'batch', 60)) return [];
  return runs.filter(beganOnce).flatMap(({ runId, workload, pools }) => {
    const cap = estimateOf([], workload, false).capNodeMinutes;
    const own = pools.filter(({ spec }) => spec?.retainedUntil === null);
    const bill = own.reduce((sum, pool) => sum + billOf(pool, agenda.now), 0);
    return bill <= cap ? [] : [`${runId} was billed ${bill.toFixed()} node-minutes, above ${cap}`];
  });
}

/** A run that begins once more after a purge has another deadline, and the pool of before. */
function beganOnce(run: RunFacts): boolean {
  return !was(run, 'purge', 'terminate');
}

/** A reboot is a start task more to pay for; a cut step may reboot its nodes twice. */
const MOST_REBOOTS = 6;

/** What bounds a bill by itself, should the app never come back: asked, since few worlds come to it. */
export function guarded(_: Played, runs: Runs): string[] {
  return runs.filter(beganOnce).flatMap(({ runId, workload, pools, jobs }) => {
    const deadline = workload.deadlineMinutes;
    const found = pools.flatMap((pool) => {
      if (pool.spec?.retainedUntil === null && pool.reboots > MOST_REBOOTS) {
        return [`${runId} has rebooted ${pool.reboots} nodes`];
      }
      const nodes = targetAt(pool, pool.madeAt + 5 * MINUTE_MS);
      const late = targetAt(pool, pool.madeAt + (deadline + 15) * MINUTE_MS);
      return [
        ...(nodes > workload.pool.maxNodes
          ? [`the formula of ${runId} asks for ${nodes} nodes`]
          : []),
        ...(late > 0 ? [`the formula of ${runId} asks for nodes after the deadline`] : []),
      ];
    });
    const unbounded = jobs.some(({ spec }) => (spec?.maxMinutes ?? 0) > deadline);
    return unbounded
      ? [...found, `the job of ${runId} may run for longer than its deadline`]
      : found;
  });
}

function targetAt({ evaluate, spec }: Pool, at: number): number {
  // A retained pool has the formula of its newest run.
  if (spec?.retainedUntil !== null || evaluate === null) return 0;
  const { spot, dedicated } = evaluate(at, (name) => (name === '$PendingTasks' ? 10_000 : 0));
  return spot + dedicated;
}

export function foreign({ batch, apps, interference, plan }: Played): string[] {
  const found = batch.touched
    .filter(({ madeBy }) => madeBy === null)
    .map(({ by, kind, id }) => `app ${by} changed ${kind} ${id}`);
  const usesShared = plan.apps.some(({ workloads }) => workloads.includes('guest'));
  if (usesShared && batch.pools.get(SHARED_POOL)?.isDeleting !== false) {
    found.push('the shared pool is gone');
  }
  for (const { kind, app: id, what } of interference) {
    const files = apps.find((app) => app.id === id)?.parts.files;
    if (kind !== 'collision' || !what.startsWith('run-')) continue;
    if (files?.text(what, 'precious') === undefined)
      found.push(`container ${what} of somebody is gone`);
  }
  return found;
}

/** From its staging to its record, no run of a workload overlaps another one. */
export function apart(_: Played, runs: Runs): string[] {
  const found: string[] = [];
  const closed = runs.filter(({ workload }) => workload.overlap !== 'allow');
  for (const [index, one] of closed.entries()) {
    for (const other of closed.slice(index + 1)) {
      if (one.app !== other.app || one.workload !== other.workload) continue;
      const [first, second] = [turnOf(one), turnOf(other)];
      if (first === null || second === null) continue;
      if (first[0] >= second[1] || second[0] >= first[1]) continue;
      const [own, others] = [first.join(' to '), second.join(' to ')];
      found.push(`${one.runId} (${own}) overlaps ${other.runId} (${others})`);
    }
  }
  return found;
}

/** A late event of an older occurrence is no reason to end a newer run. */
export function replacedByNewer(world: Played, runs: Runs): string[] {
  if (hasFault(world, 'stopAll')) return [];
  return runs.flatMap((run) => {
    const { app, runId, row, workload, record } = run;
    if (workload.overlap !== 'replace' || record?.outcome.kind !== 'cancelled') return [];
    if (was(run, 'cancel') || row === null) return [];
    const newer = runs.some(
      (other) =>
        other.app === app &&
        other.workload === workload &&
        other.row !== null &&
        other.row.instant > row.instant,
    );
    return newer ? [] : [`${runId} was cancelled, and no newer run replaces it`];
  });
}

function skippedFor({ record }: RunFacts): string | null {
  if (record?.outcome.kind !== 'skipped' || record.outcome.code !== 'overlapped') return null;
  return /run (\S+)/.exec(record.outcome.cause)?.[1] ?? '';
}

/** Passes of the reconciler until what a dead run has left is deleted. */
const DEAD_PASSES = 8;

export function deadLocks(world: Played, runs: Runs): string[] {
  const dead = runs.filter(({ record }) => record === null).map(({ runId }) => runId);
  return runs.flatMap((run) => {
    const holder = skippedFor(run);
    if (holder === null || run.record === null) return [];
    if (dead.includes(holder)) return [`${run.runId} was skipped for ${holder}, which is dead`];
    if (hasFault(world, 'outage', 'outageFrom', 'hostDown', 'lateTimers', 'call')) return [];
    // A run whose job Batch does not finish deleting is being ended for up to two hours.
    if (world.plan.weather.deletionsThatHang > 0) return [];
    const killedAt = world.interference
      .filter(({ kind, what }) => ['terminate', 'purge'].includes(kind) && what.includes(holder))
      .map(({ at }) => at + DEAD_PASSES * world.plan.passMinutes * MINUTE_MS);
    return killedAt.some((at) => Date.parse(run.record?.endedAt ?? '') > at)
      ? [`${run.runId} was skipped for ${holder}, which was dead for long`]
      : [];
  });
}

/** The last step of a run writes its record and then gives its turn back. */
const LAST_STEP_MINUTES = 200;

/** A run whose final row cannot be written is under way until the table is back. */
function isTableAway({ plan }: Played, at: number): boolean {
  return plan.faults.some(
    (fault) =>
      (fault.kind === 'outage' &&
        (fault.port === 'table' || fault.port === 'storage') &&
        fault.from <= at &&
        at < fault.until) ||
      (fault.kind === 'outageFrom' && fault.port === 'table'),
  );
}

export function skipsWithReason(world: Played, runs: Runs): string[] {
  return runs.flatMap((run) => {
    const holder = skippedFor(run);
    if (holder === null || run.record === null) return [];
    const other = runs.find(({ app, runId }) => app === run.app && runId === holder);
    const endedAt = other?.record?.endedAt;
    if (endedAt === undefined || isTableAway(world, Date.parse(endedAt))) return [];
    const bound = Date.parse(endedAt) + LAST_STEP_MINUTES * MINUTE_MS;
    return Date.parse(run.record.startedAt) > bound
      ? [`${run.runId} was skipped for ${holder}, which had ended at ${endedAt}`]
      : [];
  });
}

export function secrets({ broken, batch, apps }: Played): string[] {
  const found = broken.filter(({ rule }) => rule === 'secret').map(({ detail }) => detail);
  const holdsSecret = (text: string) => text.includes(SECRET) || text.includes(SIGNATURE);
  for (const { id, spec, tasks } of batch.allJobs) {
    const shown = [...tasks.values()].map((task) => [task.spec.environment, task.spec.command]);
    if (holdsSecret(JSON.stringify([spec?.environment, shown]))) {
      found.push(`job ${id} shows a secret`);
    }
  }
  for (const { parts, warnings } of apps) {
    if (holdsSecret(parts.table.text)) found.push(`the ledger of app ${parts.id} shows a secret`);
    if (warnings.some(holdsSecret)) found.push(`the log of app ${parts.id} shows a secret`);
    for (const [name, { text }] of parts.files.containers.get('runs')?.blobs ?? []) {
      if (holdsSecret(text)) found.push(`the blob runs/${name} shows a secret`);
    }
  }
  return found;
}
