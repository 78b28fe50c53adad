import type { AboutApp } from '../about';
import { redact, truncate } from '../failure';
import type { Outbox } from '../ledger/notices';
import type { OccurrenceRow } from '../ledger/rows';
import { findRecord } from '../run/finish/record';
import { readKeptTasks } from '../run/finish/task-list';
import type { TaskView } from '../run/finish/reads';
import type { Files } from '../run/ports';
import type { Collector } from './collector';
import type { Exporter } from './exporter';
import { pointsOfEnd, pointsOfNotice } from './points';
import { spansOf, type SpanData } from './spans';

/** Telemetry through OTLP, exported when a run has ended. READ FIRST in this folder. */

export interface TelemetryParts {
  /** Null where telemetry is switched off. */
  readonly collector: Collector | null;
  readonly about: AboutApp;
  /** Different for each process, since counters of several hosts are added up. */
  readonly instanceId: string;
  readonly files: Files;
  /** Bounds an export, and with it the time by which it can delay the end of a run. */
  readonly timeoutMs: number;
  readonly timeout: () => AbortSignal;
  readonly warn: (message: string) => void;
}

export interface Telemetry {
  /** Exports the trace and the metrics of an occurrence that has become final. Never throws. */
  readonly exportEnd: (row: OccurrenceRow) => Promise<void>;
  /** The same outbox, whose deliveries are counted. */
  readonly counting: (outbox: Outbox) => Outbox;
}

const OFF: Telemetry = {
  exportEnd: async () => undefined,
  counting: (outbox) => outbox,
};

/** OpenTelemetry is loaded at the first export, and not at all where telemetry is switched off. */
export function telemetryOf(parts: TelemetryParts): Telemetry {
  const { collector, files } = parts;
  if (collector === null) return OFF;
  const exporter = exporterOnce(parts, collector);
  // Notices do not try a collector that has just failed: a pass of the reconciler sends many.
  const last = { failed: false };
  return {
    exportEnd: async (row) => {
      last.failed = !(await bounded(parts, `run ${row.runId}`, async () => {
        const { record, send } = await exporter();
        record(pointsOfEnd(row));
        await send(await traceOf(files, row));
      }));
    },
    counting: (outbox) => ({
      ...outbox,
      send: async (notice) => {
        const delivery = await outbox.send(notice);
        const isDone = await bounded(parts, `notice ${notice.id}`, async () => {
          const { record, send } = await exporter();
          record(pointsOfNotice(notice, delivery));
          if (!last.failed) await send([]);
        });
        if (!isDone) last.failed = true;
        return delivery;
      },
    }),
  };
}

function exporterOnce(
  { about, instanceId, timeoutMs }: TelemetryParts,
  collector: Collector,
): () => Promise<Exporter> {
  let exporter: Promise<Exporter> | undefined;
  return () => {
    exporter ??= import('./otlp.js').then(({ otlpExporter }) =>
      otlpExporter({ collector, about, instanceId, timeoutMs }),
    );
    return exporter;
  };
}

/** Spans of an occurrence that has no record, or never had nodes, come from its row alone. */
async function traceOf(files: Files, row: OccurrenceRow): Promise<readonly SpanData[]> {
  const record = await findRecord(files, row.runId);
  const tasks = record === null ? [] : await tasksOf(files, row.runId);
  return spansOf({ row, timeline: record?.timeline ?? [], tasks });
}

/** All tasks that a list can have. */
const MAX_TASKS = 10_000;

async function tasksOf(files: Files, runId: string): Promise<readonly TaskView[]> {
  const query = { state: null, cursor: null, limit: MAX_TASKS };
  return (await readKeptTasks(files, runId, query))?.tasks ?? [];
}

/** Ends within the timeout, whatever happens to the work. @returns false for a failure, which is one line of the log */
async function bounded(
  { timeout, warn }: TelemetryParts,
  subject: string,
  work: () => Promise<void>,
): Promise<boolean> {
  const signal = timeout();
  const timedOut = new Promise<never>((_, reject) => {
    const abort = () => reject(new Error('the collector took too long'));
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    await Promise.race([work(), timedOut]);
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown error';
    warn(`telemetry of ${subject} was not exported: ${truncate(redact(reason), MAX_REASON)}`);
    return false;
  }
}

const MAX_REASON = 300;
