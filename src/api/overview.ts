import type { App } from '../app';
import { readBatchSeen } from '../ledger/batch-seen';
import { ADMISSION_KEY } from '../ledger/keys';
import { activeIn, listAllActive } from '../ledger/list';
import { pauseAt } from '../ledger/pauses';
import type { ActiveRow, AdmissionControl } from '../ledger/rows';
import { answering } from './answering';
import { attentionOf } from './attention';
import { billingOf } from './billing';
import type { OperationHandler } from './handler';
import {
  activeRunsOf,
  lastRunsOf,
  monthOf,
  nextDueOf,
  readWorkload,
  type KnownWorkload,
} from './overview-parts';
import type { ActiveRun } from './run-lines';
import type { OverviewView, OverviewWorkload } from './schemas/overview';
import { appBudget, NOTHING, plus, spentIn, totalOf } from './spend-view';
import { afterView, scheduleView } from './workloads';

/**
 * GET /api/overview returns the app on one screen. It reads the active rows, some rows of each workload, and the
 * status of each active run, all at once.
 */
export function overviewHandler(app: App): OperationHandler {
  return answering('overview', async (_request, client) => {
    const now = app.now().toISOString();
    const [listed, seen, known] = await Promise.all([
      listAllActive(app.table),
      readBatchSeen(app.table),
      Promise.all([...app.workloads.values()].map((one) => readWorkload(app, one, now))),
    ]);
    const rows = activeIn(listed);
    const active = await activeRunsOf(client, rows);
    const control = listed.find(({ key }) => key === ADMISSION_KEY)?.value as
      | Pick<AdmissionControl, 'pauses'>
      | undefined;
    const view: OverviewView = {
      asOf: now,
      app: { name: app.about.name, environment: app.about.environment },
      currency: app.about.currency,
      workloads: known.map((one) => workloadView(app, one, { control, rows, active, now })),
      month: appMonth(app, known, rows, now),
      billing: billingOf(active, seen, app.workloads),
      attention: known
        .flatMap(({ workload, final }) =>
          attentionOf({ workload, final, now, active: runsOf(active, workload.name) }),
        )
        .toSorted((one, other) => other.at.localeCompare(one.at)),
    };
    return { status: 200, jsonBody: view };
  });
}

function runsOf(active: readonly ActiveRun[], name: string): readonly ActiveRun[] {
  return active.filter(({ row }) => row.workload === name);
}

interface Now {
  readonly control: Pick<AdmissionControl, 'pauses'> | undefined;
  readonly rows: readonly ActiveRow[];
  readonly active: readonly ActiveRun[];
  readonly now: string;
}

function workloadView(
  app: App,
  known: KnownWorkload,
  { control, rows, active, now }: Now,
): OverviewWorkload {
  const { name, description, triggers } = known.workload;
  return {
    name,
    description,
    triggers: {
      schedules: (app.schedules[name] ?? []).map((schedule) => scheduleView(schedule, now)),
      blobContainer: triggers.blob?.container ?? null,
      after: afterView(app, name, triggers.after, now),
    },
    nextDue: nextDueOf(app, name, now, 1)[0] ?? null,
    pause: pauseAt(control ?? {}, name, now),
    active: runsOf(active, name).map(({ view }) => view),
    lastRuns: lastRunsOf(known),
    month: monthOf(known, rows, now),
  };
}

function appMonth(
  { workloads, limits }: App,
  known: readonly KnownWorkload[],
  rows: readonly ActiveRow[],
  now: string,
): OverviewView['month'] {
  const sums = known.map(({ sum }) => sum);
  return {
    month: now.slice(0, 7),
    ...totalOf(sums.map(spentIn).reduce(plus, NOTHING)),
    budget: appBudget(limits, [...workloads.values()], sums, rows),
  };
}
