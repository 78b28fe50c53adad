import type { App } from '../app';
import { NO_OWNER } from '../former-version';
import { finish } from '../ledger/finish';
import { changeActive, newOccurrenceRow } from '../ledger/ledger';
import type { InstanceState } from '../ledger/repair';
import type { ActiveRow } from '../ledger/rows';
import { endingOf, runLedgerOn } from '../ledger/run-ledger';
import { endLostRun } from '../run/finish/end-lost-run';
import { writeRecordOnce } from '../run/finish/record';
import { addUsage, noUsage } from '../run/finish/usage';
import { planRun } from '../run/plan';
import { linkOf, type RunPlan, type RunRecord } from '../run/run';

/** The end of a run by the reconciler, because its orchestration cannot end it. */

const GIVE_UP_MS = 2 * 3_600_000;

interface LostStep {
  readonly instance: InstanceState;
  readonly step: 'first' | 'later';
}

/** A record that the orchestration returned, and storage has lost, is written again. */
export async function endLost(
  app: App,
  owner: string,
  row: ActiveRow,
  { instance, step }: LostStep,
): Promise<boolean> {
  const { runId, reason } = row;
  const plan = planOf(app, owner, row);
  const returned = instance.kind === 'ended' ? recordIn(instance.output, runId) : null;
  const record =
    returned === null
      ? await endLostRun(
          { ...app, ledger: runLedgerOn(app.table) },
          {
            plan,
            runId,
            code: reason?.code ?? 'internal',
            cause: `the run could not end itself: ${reason?.cause ?? 'its orchestration is lost'}`,
            workload: app.workloads.get(row.workload) ?? null,
            nodeMinutes: await spentBy(app, plan, row, instance),
            giveUpAt: new Date(Date.parse(row.since) + GIVE_UP_MS).toISOString(),
            mayRecord: step === 'later',
          },
          app.now,
        )
      : await writeRecordOnce(app.files, returned);
  if (record === null) return false;
  await finish(
    app.table,
    newOccurrenceRow(runId, row, row.knownAt),
    endingOf(record),
    app.announce,
    app.outbox,
  );
  return true;
}

/** The names of what the run has: those of the version before have its former id, and no owner. */
function planOf(app: App, owner: string, row: ActiveRow): RunPlan {
  const { runId, term, instant, request, formerId } = row;
  const marked = formerId === undefined ? { runId, owner } : { runId: formerId, owner: NO_OWNER };
  const workload = app.workloads.get(request.workload) ?? null;
  return planRun(workload, { ...marked, term, instant, request, ...linkOf(row) }, row.knownAt);
}

/**
 * Node-minutes of a lost run: what its orchestration showed last, or what its nodes have taken by
 * now, if that is more. Kept in the row, since the nodes are gone when the run has ended.
 */
async function spentBy(
  { batch, table, now }: App,
  { pool, poolId }: RunPlan,
  { runId, knownAt, spent = 0 }: ActiveRow,
  { nodeMinutes = 0 }: InstanceState,
): Promise<number> {
  if (pool === 'existing') return 0;
  // Nodes of a retained pool may have worked for other runs.
  const found = pool === 'own' ? await batch.getPool(poolId).catch(() => null) : null;
  const seen = addUsage(noUsage(knownAt), found, now()).nodeMinutes;
  const most = Math.max(spent, nodeMinutes, seen);
  if (most > spent) await changeActive(table, runId, (row) => ({ ...row, spent: most }));
  return most;
}

function recordIn(output: unknown, runId: string): RunRecord | null {
  const record = output as Partial<RunRecord> | null;
  return record?.runId === runId && record.outcome !== undefined ? (record as RunRecord) : null;
}
