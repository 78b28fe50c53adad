import type { AdmissionContext } from '../../src/ledger/admit';
import type { Occurrence } from '../../src/run/run';
import type { NewOccurrence } from '../../src/ledger/ledger';
import { partsOfRunId, runIdOf } from '../../src/ledger/keys';
import type { ActiveRow, DaySum, MonthSum, OccurrenceRow, Part } from '../../src/ledger/rows';
import { addDays, EMPTY_DAY, NO_PART } from '../../src/ledger/spending';
import type { Change, KeyRange, Row, Table } from '../../src/ledger/table';
import type { MemoryTable } from '../memory-table';
import type { Seeded } from '../seeded';

/** Shared by the tests of the ledger: one workload, one due time, and tables that fail. */

export const OWNER = 'owner-1';
export const DUE = '2026-11-30T02:00:00.000Z';
export const NOW = '2026-11-30T02:00:05.000Z';
export const LATER = '2026-11-30T03:00:00.000Z';

export function scheduled(due = DUE): Occurrence {
  return { kind: 'schedule', due };
}

export function newOccurrence(
  changed: Partial<NewOccurrence> = {},
  occurrence: Occurrence = scheduled(changed.instant),
  workload = 'report',
): NewOccurrence {
  return {
    owner: OWNER,
    request: { workload, occurrence, parameters: {} },
    instant: DUE,
    attempt: 0,
    startBy: '2026-11-30T14:00:00.000Z',
    priority: 0,
    mayTake: { nodeMinutes: 60, cost: 3 },
    ...changed,
  };
}

export function idOf({ owner, request, instant, attempt }: NewOccurrence): string {
  const { workload, occurrence } = request;
  return runIdOf({ owner, workload, occurrence, instant, attempt });
}

/** The active row of an occurrence as `register` writes it. */
export function activeRow(
  changed: Partial<ActiveRow> = {},
  occurrence: NewOccurrence = newOccurrence(),
): ActiveRow {
  const { request, instant, attempt, startBy, priority, mayTake } = occurrence;
  return {
    runId: idOf(occurrence),
    workload: request.workload,
    request,
    instant,
    attempt,
    state: 'known',
    term: 1,
    knownAt: NOW,
    since: NOW,
    startBy,
    deadline: null,
    priority,
    mayTake,
    cancel: null,
    decision: null,
    reason: null,
    ...changed,
  };
}

/** The row of an occurrence as `register` writes it. */
export function occurrenceRow(
  changed: Partial<OccurrenceRow> = {},
  occurrence: NewOccurrence = newOccurrence(),
): OccurrenceRow {
  const { request, instant, attempt } = occurrence;
  return {
    runId: idOf(occurrence),
    workload: request.workload,
    occurrence: request.occurrence,
    instant,
    knownAt: NOW,
    attempt,
    parameters: request.parameters,
    blob: request.blob ?? null,
    state: 'open',
    startedAt: null,
    endedAt: null,
    code: null,
    cause: null,
    nodeMinutes: 0,
    cost: null,
    ...changed,
  };
}

/** For admission where no backfill is active. */
export const NO_BACKFILLS: AdmissionContext['backfills'] = {
  schedulesOf: () => null,
  occurrenceOf: async () => newOccurrence(),
  registerFollowUps: async () => undefined,
};

export function rowKeyOf(runId: string): string {
  return partsOfRunId(runId)?.rowKey ?? 'none';
}

/** A table whose calls may be held up, fail, or lose their answer. */
export class TroubledTable implements Table {
  constructor(
    readonly inner: MemoryTable,
    /** Runs before and after each call, by what it does. */
    readonly around: {
      readonly before?: (call: string) => Promise<void> | void;
      readonly after?: (call: string) => Promise<void> | void;
    },
  ) {}

  get(partition: string, key: string): Promise<Row | null> {
    return this.#pass(`get ${partition} ${key}`, () => this.inner.get(partition, key));
  }

  list(partition: string, range: KeyRange, limit: number): Promise<readonly Row[]> {
    return this.#pass(`list ${partition}`, () => this.inner.list(partition, range, limit));
  }

  write(partition: string, changes: readonly Change[]): Promise<'written' | 'conflict'> {
    return this.#pass(`write ${partition}`, () => this.inner.write(partition, changes));
  }

  remove(partition: string, key: string, etag?: string): Promise<'removed' | 'conflict'> {
    return this.#pass(`remove ${partition}`, () => this.inner.remove(partition, key, etag));
  }

  async #pass<Result>(call: string, operation: () => Promise<Result>): Promise<Result> {
    await this.around.before?.(call);
    const result = await operation();
    await this.around.after?.(call);
    return result;
  }
}

/** Stops the host after its n-th change of the table, like a kill: nothing that comes later happens. */
export function killedAfter(inner: MemoryTable, changes: number): TroubledTable {
  let made = 0;
  return new TroubledTable(inner, {
    before: () => {
      if (made >= changes) throw new Error('killed');
    },
    after: (call) => {
      if (!call.startsWith('get') && !call.startsWith('list')) made += 1;
    },
  });
}

/** Lets the calls of several hosts on one table take turns in an order of its own for each seed. */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  constructor(readonly chance: Seeded) {}

  table(inner: MemoryTable): TroubledTable {
    return new TroubledTable(inner, { before: () => this.turn() });
  }

  turn(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Runs all hosts to their end, one call at a time. */
  async run<Result>(hosts: readonly Promise<Result>[]): Promise<Result[]> {
    const progress = { isOver: false };
    const all = Promise.all(hosts).finally(() => {
      progress.isOver = true;
    });
    // An error of a host reaches the caller by `all`, not as one that nothing has caught.
    all.catch(() => undefined);
    while (!progress.isOver) {
      const [next] = this.#waiting.splice(
        this.chance.whole(0, Math.max(0, this.#waiting.length - 1)),
        1,
      );
      next?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return all;
  }
}

/** The sum of a month whose runs count in one day, all of one kind. */
export function monthSum(
  day: string,
  given: Partial<Part>,
  kind: 'successful' | 'wasted' | null = 'wasted',
  more: Partial<DaySum> = {},
): MonthSum {
  const part = { ...NO_PART, runs: 1, ...given };
  const sum: DaySum = {
    ...EMPTY_DAY,
    ...part,
    ...(kind !== null && { [kind]: part }),
    ...more,
  };
  const { runs, nodeMinutes, cost } = part;
  return { runs, nodeMinutes, cost, days: { [day]: addDays(EMPTY_DAY, sum) } };
}
