import type { ActiveRow } from '../../src/ledger/rows';
import type { App } from '../../src/rehearse/app';
import type { DoneStep, History } from '../../src/rehearse/history';
import type { Played } from '../../src/rehearse/play';
import { isGentle, lostAt, MINUTE_MS, rowsIn, was, type RunFacts } from './facts';

/** Checks of the order in which ledger and runs have changed, and of the time between two changes. */

type Runs = readonly RunFacts[];

const historyOf = (app: App): History => app.parts.table.history;

/** Steps that make things, and ask the ledger first. */
const OWN_STEPS = new Set([
  'stage',
  'provision',
  'submitJob',
  'submitTasks',
  'addMerge',
  'setTargetNodes',
  'rebootNodes',
]);

/** A step that begins after its run was taken over, or is final, makes nothing. */
export function fenced({ apps }: Played): string[] {
  return apps.flatMap((app) => {
    const history = historyOf(app);
    return history.steps.flatMap((step) => {
      const [runId = '', term = '1'] = step.instanceId.split('_');
      const takenAt = takenOver(history, runId, Number(term));
      const finalAt = history.final.get(runId)?.order ?? Infinity;
      const { name, isNull } = step;
      const isLate =
        (OWN_STEPS.has(name) && step.order > Math.min(takenAt, finalAt)) ||
        (name === 'record' && !isNull && step.order > takenAt && step.order < finalAt) ||
        (name === 'startFollowers' && claimedBefore(history, step) > takenAt);
      return isLate ? [`${name} of ${step.instanceId} after the run was taken over or final`] : [];
    });
  });
}

function takenOver(history: History, runId: string, term: number): number {
  const taken = history.active.get(runId)?.find(({ row }) => row.term > term);
  return taken?.order ?? Infinity;
}

/** The claim on which a step relies, since its own input does not ask. */
function claimedBefore({ steps }: History, { instanceId, order }: DoneStep): number {
  return steps.reduce(
    (latest, one) =>
      one.name === 'claim' && one.instanceId === instanceId && one.order < order
        ? Math.max(latest, one.order)
        : latest,
    0,
  );
}

const STATES: readonly ActiveRow['state'][] = ['known', 'queued', 'starting', 'running', 'ending'];
/** Between a read and the write that relies on it there may be some slow calls. */
const LATE_WRITE_MS = 5 * MINUTE_MS;

function isWaiting(row: ActiveRow | undefined): boolean {
  return row?.state === 'known' || row?.state === 'queued';
}

/** No writer undoes what it has not read: a cancel stays, a state and a term go on. */
export function forward({ apps }: Played): string[] {
  return apps.flatMap((app) => {
    const history = historyOf(app);
    return [...history.active].flatMap(([runId, writes]) =>
      writes.flatMap(({ row, order, at, isNew }, index) => {
        const final = history.final.get(runId);
        const isDecided = !isNew && isWaiting(writes[index - 1]?.row);
        if (final !== undefined && order > final.order) {
          if (isDecided) return [`${runId} is ${row.state} although it is final`];
          return isNew && at > final.at + LATE_WRITE_MS ? [`${runId} is active after its end`] : [];
        }
        const before = writes[index - 1]?.row;
        if (before === undefined) return [];
        if (before.cancel !== null && row.cancel === null) return [`${runId} lost its cancel`];
        const isBack =
          row.term < before.term ||
          (row.term === before.term && STATES.indexOf(row.state) < STATES.indexOf(before.state));
        return isBack ? [`${runId} was ${before.state} and is ${row.state} again`] : [];
      }),
    );
  });
}

/** A run has its whole time from its claim on, however long it was waited for. */
export function wholeTime({ apps }: Played, runs: Runs): string[] {
  return apps.flatMap((app) =>
    [...historyOf(app).active].flatMap(([runId, writes]) => {
      const claimed = writes.find(({ row }) => row.state === 'running')?.row;
      const run = runs.find((one) => one.app === app && one.runId === runId);
      if (claimed === undefined || claimed.deadline === null || run === undefined) return [];
      const minutes = (Date.parse(claimed.deadline) - Date.parse(claimed.since)) / MINUTE_MS;
      const wanted = run.workload.deadlineMinutes;
      return Math.abs(minutes - wanted) < 0.1
        ? []
        : [`${runId} has ${minutes.toFixed(1)} of ${wanted} minutes from its claim on`];
    }),
  );
}

/** A schedule moves on over due times that have their rows. */
export function settled({ apps }: Played): string[] {
  return apps.flatMap((app) => {
    const history = historyOf(app);
    return rowsIn(app).flatMap(({ runId, workload, occurrence }) => {
      if (occurrence.kind !== 'schedule') return [];
      const moves = history.schedules.get(workload) ?? [];
      const over = moves.find(({ through }, index) => index > 0 && through >= occurrence.due);
      const isBefore = (moves[0]?.through ?? '') >= occurrence.due;
      if (over === undefined || isBefore) return [];
      const known = history.known.get(runId) ?? Infinity;
      return known < over.order ? [] : [`the schedule moved on before ${runId} had a row`];
    });
  });
}

/** Bounds of the app, counted from the rows as they were written. */
export function withinBounds({ apps }: Played): string[] {
  return apps.flatMap((app) => {
    const { maxActiveRuns, maxStartsPerMinute } = app.parts.limits;
    const starts = [...historyOf(app).active.values()].flatMap((writes) =>
      writes.filter(
        ({ row }, index) =>
          row.state === 'starting' && row.term === 1 && writes[index - 1]?.row.state !== 'starting',
      ),
    );
    const times = starts.map(({ row }) => Date.parse(row.since)).sort((one, other) => one - other);
    const most = Math.max(0, ...starts.map(({ admitted }) => admitted));
    const tooSoon = times.filter(
      (time, index) => time - (times[index - maxStartsPerMinute] ?? -Infinity) < MINUTE_MS,
    );
    return [
      ...(most > maxActiveRuns ? [`${most} runs are active, allowed are ${maxActiveRuns}`] : []),
      ...(tooSoon.length > 0
        ? [`more than ${maxStartsPerMinute} starts in a minute, ${tooSoon.length} times`]
        : []),
    ];
  });
}

const SOON_MS = 5 * MINUTE_MS;

/** A start that was decided comes at once, also where the answer to its decision was lost. */
export function startedSoon({ apps, plan, hits }: Played): string[] {
  if (plan.faults.some(({ kind }) => kind !== 'call') || hits.length > 1) return [];
  const isCrash = plan.faults.some((one) => one.kind === 'call' && !isLostAnswer(one.effect));
  if (isCrash || plan.slowCalls > 0) return [];
  return apps.flatMap((app) =>
    [...historyOf(app).active].flatMap(([runId, writes]) => {
      const starting = writes.find(({ row }) => row.state === 'starting');
      const next = writes.find(({ row, order }) => order > (starting?.order ?? Infinity) && row);
      if (starting === undefined || next === undefined) return [];
      const isSoon = next.at - starting.at < SOON_MS && next.row.state === 'running';
      return isSoon || next.row.cancel !== null ? [] : [`${runId} was admitted and not started`];
    }),
  );
}

function isLostAnswer(effect: string): boolean {
  return effect === 'repeated' || effect === 'answerLost' || effect === 'refused';
}

/** What is decided to end without a run ends with its decision, not with a later pass. */
export function endedSoon({ apps, plan }: Played): string[] {
  if (plan.faults.length > 0 || plan.slowCalls > 0) return [];
  return apps.flatMap((app) => {
    const history = historyOf(app);
    return [...history.active].flatMap(([runId, writes]) => {
      const ending = writes.find(({ row }) => row.state === 'ending');
      const final = history.final.get(runId);
      if (ending === undefined || final === undefined) return [];
      return final.at - ending.at < MINUTE_MS ? [] : [`${runId} ended long after its decision`];
    });
  });
}

/** Pool and job of a lost run are deleted by the pass that takes it over. */
export function stoppedSoon(world: Played, runs: Runs): string[] {
  const { plan } = world;
  const isCalm = plan.faults.every(({ kind }) => ['terminate', 'purge', 'cancel'].includes(kind));
  if (!isCalm || plan.slowCalls > 0 || !isGentle(plan.weather)) return [];
  return runs.flatMap((run) => {
    const { pools, jobs } = run;
    if (!was(run, 'terminate', 'purge')) return [];
    const takenAt = lostAt(run);
    if (takenAt === null) return [];
    return [...pools, ...jobs].flatMap(({ id, deletedAt }) =>
      (deletedAt ?? Infinity) > takenAt + MINUTE_MS && run.workload.pool.keep === undefined
        ? [`${id} was not deleted when its run was taken over`]
        : [],
    );
  });
}
