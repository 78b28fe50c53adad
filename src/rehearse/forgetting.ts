import { forgetOccurrence } from '../ledger/forget';
import { WORKLOAD_PARTITION } from '../ledger/keys';
import type { ScheduleRow } from '../ledger/schedules';
import { recordBlob, outputContainerOf, RUNS_CONTAINER, stagingContainerOf } from '../run/names';
import { HOUR } from './clock';
import type { Stage } from './stage';

/** Passes of the reconciler and second deliveries ask for nothing that is older than this. */
const KEPT = HOUR;

/**
 * Deletes what an ended run has left in the models, so that a year takes no more memory than a day.
 * The row of a due time stays until its schedule is settled beyond it: a pass after an outage asks
 * which of the due times are known.
 */
export class Forgetting {
  constructor(readonly stage: Stage) {}

  sweep(): void {
    const { agenda, app, ended, files, table } = this.stage;
    const through = this.#through();
    const firstOpen = this.stage.diary.firstOpen ?? '~';
    let count = 0;
    for (const { row, endedAt } of ended) {
      // An occurrence that waits for several runs reads the rows of all of them.
      if (endedAt > agenda.now - KEPT || row.instant >= firstOpen) break;
      if (row.occurrence.kind === 'schedule' && row.instant > (through.get(row.workload) ?? ''))
        break;
      count += 1;
      const { runId } = row;
      app.hub.instances.delete(runId);
      app.started.delete(runId);
      files.forget(stagingContainerOf(runId));
      files.forget(outputContainerOf(runId));
      files.containers.get(RUNS_CONTAINER)?.blobs.delete(recordBlob(runId));
      agenda.unsettle();
      void forgetOccurrence(table, runId);
    }
    ended.splice(0, count);
  }

  /** The instant up to which all schedules of a workload are settled, by workload. */
  #through(): ReadonlyMap<string, string> {
    const through = new Map<string, string>();
    for (const { key, value } of this.stage.table.rows(WORKLOAD_PARTITION)) {
      const settled = (value as unknown as Partial<ScheduleRow>).through;
      const workload = key.split('!')[0] ?? key;
      const found = through.get(workload);
      if (settled !== undefined && (found === undefined || settled < found)) {
        through.set(workload, settled);
      }
    }
    return through;
  }
}
