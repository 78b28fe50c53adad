import { ACTIVE_PARTITION, ADMISSION_KEY, partitionOf, WORKLOAD_PARTITION } from '../ledger/keys';
import type { ActiveRow, OccurrenceRow } from '../ledger/rows';
import type { ScheduleRow } from '../ledger/schedules';
import type { Change } from '../ledger/table';
import type { Agenda } from './clock';

/** All changes of an app's ledger and the steps of its runs, in the order in which they came about. */

export interface ActiveWrite {
  readonly order: number;
  readonly at: number;
  readonly row: ActiveRow;
  /** There was no such row before. */
  readonly isNew: boolean;
  /** Rows that were admitted after this write. */
  readonly admitted: number;
}

/** One call of an activity. */
export interface BegunStep {
  readonly instanceId: string;
  readonly name: string;
  /** Time and order at which the activity began. */
  readonly at: number;
  readonly order: number;
}

export interface DoneStep extends BegunStep {
  readonly isNull: boolean;
}

export class History {
  /** By run id. */
  readonly active = new Map<string, ActiveWrite[]>();
  /** First write of each occurrence's row, by run id. */
  readonly known = new Map<string, number>();
  /** Write that made an occurrence final, by run id. */
  readonly final = new Map<string, { readonly order: number; readonly at: number }>();
  /** Schedules that moved on, by workload. */
  readonly schedules = new Map<string, { readonly order: number; readonly through: string }[]>();
  readonly steps: DoneStep[] = [];
  readonly #admitted = new Set<string>();
  #order = 0;

  constructor(readonly agenda: Agenda) {}

  /** The number of the next event. */
  next(): number {
    this.#order += 1;
    return this.#order;
  }

  noteWrite(partition: string, { kind, key, value }: Change): void {
    const order = this.next();
    const { now: at } = this.agenda;
    if (partition === ACTIVE_PARTITION) {
      if (key !== ADMISSION_KEY) {
        this.#noteActive(order, value as unknown as ActiveRow, kind === 'insert');
      }
      return;
    }
    if (partition === WORKLOAD_PARTITION) {
      const { through } = value as unknown as ScheduleRow;
      if (through !== undefined) listIn(this.schedules, key).push({ order, through });
      return;
    }
    // Rows of occurrences begin with a digit, copies of them with a state.
    if (!partition.startsWith(partitionOf('')) || !/^[0-9]/.test(key)) return;
    const { runId, state } = value as unknown as OccurrenceRow;
    if (!this.known.has(runId)) this.known.set(runId, order);
    if (state !== 'open' && !this.final.has(runId)) this.final.set(runId, { order, at });
  }

  noteRemoval(partition: string, key: string): void {
    if (partition === ACTIVE_PARTITION) this.#admitted.delete(key);
  }

  begin(instanceId: string, name: string): BegunStep {
    return { instanceId, name, at: this.agenda.now, order: this.next() };
  }

  noteStep(step: BegunStep, isNull: boolean): void {
    if (step.name !== 'poll') this.steps.push({ ...step, isNull });
  }

  #noteActive(order: number, row: ActiveRow, isNew: boolean): void {
    const isAdmitted = row.deadline !== null;
    if (isAdmitted) this.#admitted.add(row.runId);
    else this.#admitted.delete(row.runId);
    const { now: at } = this.agenda;
    listIn(this.active, row.runId).push({ order, at, row, isNew, admitted: this.#admitted.size });
  }
}

function listIn<Item>(lists: Map<string, Item[]>, key: string): Item[] {
  const found = lists.get(key) ?? [];
  lists.set(key, found);
  return found;
}
