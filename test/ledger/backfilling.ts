import type { WorkloadPolicy } from '../../src/ledger/admission';
import { admit, type AdmissionContext } from '../../src/ledger/admit';
import { dueTimesOf, schedulesHash } from '../../src/ledger/backfill-plan';
import { createBackfill } from '../../src/ledger/backfills';
import { claim } from '../../src/ledger/claim';
import { finish, type Ending } from '../../src/ledger/finish';
import { newOccurrenceRow, readActive, readOccurrence, register } from '../../src/ledger/ledger';
import { listActive } from '../../src/ledger/list';
import type { ActiveRow, BackfillRequest, BackfillRow, FinalState } from '../../src/ledger/rows';
import { occurrenceOfDue, type DeclaredSchedule } from '../../src/ledger/schedules';
import type { Table } from '../../src/ledger/table';
import { newOccurrence } from './given';

/** A workload with one due time a day, an app in memory that plays its runs, and backfills of it. */

export const DAILY: DeclaredSchedule = {
  workload: 'report',
  index: 0,
  cron: '0 2 * * *',
  timeZone: 'UTC',
  catchUp: 'last',
};

export const WEEK: BackfillRequest = {
  workload: 'report',
  from: '2026-11-23',
  to: '2026-11-29',
  order: 'oldestFirst',
  atOnce: 1,
  again: 'never',
  schedule: null,
};

export const AT = '2026-11-30T12:00:00.000Z';

/** The due time of a day of November. */
export function dueOn(day: number): string {
  return `2026-11-${String(day).padStart(2, '0')}T02:00:00.000Z`;
}

export interface World {
  readonly table: Table;
  readonly context: AdmissionContext;
  /** Run ids in the order of their starts. */
  readonly started: string[];
  now: string;
  schedules: readonly DeclaredSchedule[] | null;
}

const FORBIDDING: WorkloadPolicy = {
  overlap: 'forbid',
  maxActiveRuns: 20,
  deadlineMinutes: 60,
  startWithinMinutes: 60,
  whenNotSucceeded: 'skip',
};

let decisions = 0;

export function worldOn(table: Table, policy: Partial<WorkloadPolicy> = {}): World {
  const started: string[] = [];
  const world: World = {
    table,
    started,
    now: AT,
    schedules: [DAILY],
    context: {
      table,
      starter: {
        start: async ({ runId }) => void started.push(runId),
        wake: async () => undefined,
      },
      policyOf: () => ({ ...FORBIDDING, ...policy }),
      workloads: ['report'],
      limits: {
        maxActiveRuns: 500,
        maxStartsPerMinute: 500,
        monthlyNodeMinutes: null,
        monthlyCost: null,
      },
      now: () => new Date(world.now),
      newDecisionId: () => `decision-${++decisions}`,
      endWithoutRun: async (row) => {
        await finish(table, newOccurrenceRow(row.runId, row, row.knownAt), {
          ...endingOf(world, row.reason?.kind === 'missed' ? 'missed' : 'skipped'),
          code: row.reason?.code ?? null,
        });
      },
      backfills: {
        schedulesOf: () => world.schedules,
        registerFollowUps: async () => undefined,
        occurrenceOf: async (schedule, due, backfill) => ({
          ...newOccurrence({ instant: due }, occurrenceOfDue(schedule, due)),
          startBy: '2026-12-07T12:00:00.000Z',
          priority: -24,
          backfill,
        }),
      },
    },
  };
  return world;
}

function endingOf({ now }: World, state: FinalState): Ending {
  return {
    state,
    startedAt: now,
    endedAt: now,
    code: null,
    cause: null,
    nodeMinutes: 10,
    cost: 1,
  };
}

/** Asks for a backfill as `POST` does, admission included. */
export async function askFor(
  world: World,
  request: Partial<BackfillRequest> = {},
): Promise<BackfillRow> {
  const { row } = await created(world, request);
  await admit(world.context);
  return row;
}

/** The row of a backfill alone. */
export async function created(
  world: World,
  request: Partial<BackfillRequest> = {},
): ReturnType<typeof createBackfill> {
  const asked = { ...WEEK, ...request };
  const schedules = world.schedules ?? [];
  return createBackfill(world.table, {
    request: asked,
    schedules: schedulesHash(schedules),
    due: dueTimesOf(schedules, asked, world.now),
    by: 'a person',
    createdAt: world.now,
  });
}

/** A due time comes by its timer. */
export async function come(world: World, due: string): Promise<string> {
  const occurrence = newOccurrence({ instant: due }, occurrenceOfDue(DAILY, due));
  const { runId } = await register(world.table, occurrence, world.now);
  return runId;
}

/** The orchestration of a run claims it, and ends it; admission follows, as it does in a run. */
export async function end(
  world: World,
  runId: string,
  state: FinalState = 'succeeded',
): Promise<void> {
  await endOnly(world, runId, state);
  await admit(world.context);
}

export async function endOnly(
  { table, now, ...world }: World,
  runId: string,
  state: FinalState = 'succeeded',
): Promise<void> {
  const active = await readActive(table, runId);
  const known = await readOccurrence(table, runId);
  if (active === null || known === null) throw new Error(`${runId} is not active`);
  const { term, instant, request } = active.value;
  await claim(table, { runId, term, instant, request }, now, now);
  await finish(table, known.value, endingOf({ ...world, table, now }, state));
}

/** Ends what runs, one run after another, until nothing does. @returns the most that ran at once */
export async function runAll(world: World, state: FinalState = 'succeeded'): Promise<number> {
  let most = 0;
  for (;;) {
    const running = (await listActive(world.table)).filter(({ state: is }) => is === 'starting');
    most = Math.max(most, running.length);
    const [first] = running;
    if (first === undefined) return most;
    await end(world, first.runId, state);
  }
}

/** Day and attempt of each run that was started, in order. */
export function startedDays({ started }: World): readonly string[] {
  return started.map((runId) => runId.slice('report-202611'.length, 'report-20261123'.length));
}

/** The rows that are not final, as day, state and whether a backfill asked for them. */
export function outlineOf(rows: readonly ActiveRow[]): readonly string[] {
  return rows.map(
    ({ instant, state, backfill }) =>
      `${instant.slice(8, 10)} ${state}${backfill === undefined ? '' : ' backfill'}`,
  );
}
