import { ACTIVE_PARTITION, ADMISSION_KEY, partitionOf } from '../ledger/keys';
import type { ActiveRow, OccurrenceRow, Reason } from '../ledger/rows';
import type { Change } from '../ledger/table';
import type { Agenda } from './clock';
import { History, type BegunStep } from './history';

/** An occurrence that is not final, as the ledger's writes show it. */
export interface OpenOccurrence {
  readonly row: OccurrenceRow;
  readonly knownAt: number;
  /** Why admission let it wait, and from when on; the wait for runs that it follows is left out. */
  waited: Reason | null;
  waitedAt: number | null;
  admittedAt: number | null;
  /** True when another run of its workload was active while it was known, waited or ran. */
  overlaps: boolean;
  /** From when to when it had fewer nodes than it asked for, because of the quota. */
  shortSince: number | null;
  shortUntil: number | null;
}

export interface EndedOccurrence extends OpenOccurrence {
  readonly final: OccurrenceRow;
  readonly endedAt: number;
}

/** Follows the ledger of a rehearsal by its writes, and keeps nothing of what is final. */
export class Diary extends History {
  readonly open = new Map<string, OpenOccurrence>();
  /** Run ids of the admitted occurrences, by workload. */
  readonly #admitted = new Map<string, Set<string>>();
  /** Active rows that are written before the row of their occurrence. */
  readonly #early = new Map<string, ActiveRow>();

  constructor(
    agenda: Agenda,
    readonly onAdmitted: (occurrence: OpenOccurrence) => void,
    readonly onEnded: (occurrence: EndedOccurrence) => void,
  ) {
    super(agenda);
  }

  get activeRuns(): number {
    let count = 0;
    for (const ids of this.#admitted.values()) count += ids.size;
    return count;
  }

  /** The first instant of the occurrences that are not final; null when all are. */
  get firstOpen(): string | null {
    let first: string | null = null;
    for (const { row } of this.open.values()) {
      if (first === null || row.instant < first) first = row.instant;
    }
    return first;
  }

  /** True while an occurrence of an instant before this one is not final. */
  hasOpenBefore(until: number): boolean {
    for (const { row } of this.open.values()) if (Date.parse(row.instant) < until) return true;
    return false;
  }

  override noteWrite(partition: string, { key, value }: Change): void {
    if (partition === ACTIVE_PARTITION) {
      if (key !== ADMISSION_KEY && !key.startsWith('!')) {
        this.#noteState(value as unknown as ActiveRow);
      }
      return;
    }
    if (!partition.startsWith(partitionOf('')) || !/^[0-9]/.test(key)) return;
    const row = value as unknown as OccurrenceRow;
    if (row.state === 'open') this.#noteKnown(row);
    else this.#noteFinal(row);
  }

  override noteRemoval(_partition: string, key: string): void {
    this.#early.delete(key);
  }

  /** Steps of runs are of no interest here. */
  override begin(instanceId: string, name: string): BegunStep {
    return { instanceId, name, at: 0, order: 0 };
  }

  override noteStep(): void {}

  #noteKnown(row: OccurrenceRow): OpenOccurrence {
    const found = this.open.get(row.runId);
    if (found !== undefined) return found;
    const occurrence: OpenOccurrence = {
      row,
      knownAt: this.agenda.now,
      waited: null,
      waitedAt: null,
      admittedAt: null,
      overlaps: this.#others(row) > 0,
      shortSince: null,
      shortUntil: null,
    };
    this.open.set(row.runId, occurrence);
    const early = this.#early.get(row.runId);
    this.#early.delete(row.runId);
    if (early !== undefined) this.#noteState(early);
    return occurrence;
  }

  #noteState(active: ActiveRow): void {
    const found = this.open.get(active.runId);
    if (found === undefined) {
      this.#early.set(active.runId, active);
      return;
    }
    const { state, reason } = active;
    if (state === 'queued' && reason?.code !== 'notAllSucceeded' && found.waited === null) {
      found.waited = reason;
      found.waitedAt = this.agenda.now;
    }
    if (state !== 'starting' || found.admittedAt !== null) return;
    found.admittedAt = this.agenda.now;
    found.overlaps ||= this.#others(found.row) > 0;
    const ids = this.#admitted.get(active.workload) ?? new Set();
    this.#admitted.set(active.workload, ids);
    ids.add(active.runId);
    this.onAdmitted(found);
  }

  #noteFinal(final: OccurrenceRow): void {
    // A missed due time is final with its first write.
    const found = this.open.get(final.runId) ?? this.#noteKnown(final);
    this.open.delete(final.runId);
    this.#admitted.get(final.workload)?.delete(final.runId);
    this.onEnded({ ...found, final, endedAt: this.agenda.now });
  }

  #others({ workload, runId }: OccurrenceRow): number {
    const ids = this.#admitted.get(workload);
    return ids === undefined ? 0 : ids.size - (ids.has(runId) ? 1 : 0);
  }
}
