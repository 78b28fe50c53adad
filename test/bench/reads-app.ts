import { tableOn } from '../../src/azure/table';
import { readSchedules } from '../../src/schedules-in-force';
import type { App } from '../../src/app';
import { noteBatchSeen } from '../../src/ledger/batch-seen';
import { NO_OUTBOX } from '../../src/ledger/notices';
import type { Table } from '../../src/ledger/table';
import { checkWorkloads } from '../../src/workload/check-workloads';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { startKeyAccount } from '../azure/accounts';
import { startTables } from '../azure/table-account';
import { MemoryBatch, secretsFrom } from '../fakes';
import { MemoryHub } from '../hub';
import { NOW, OWNER } from '../ledger/given';
import { fillActive, fillBackfills, fillLedger } from './reads-ledger';
import { fillEndedRun, runTasks } from './reads-run';

/**
 * An app on Azurite's tables and blobs, with the fill of a busy installation. Batch and the engine
 * are in memory: their times are those of other services.
 */
export interface ReadsApp {
  readonly app: App;
  readonly client: MemoryHub['client'];
  readonly rows: number;
  /** A run with TASKS kept tasks and 1,000 outputs. */
  readonly endedRun: string;
  readonly activeRun: string;
  readonly backfill: string;
  stop(): Promise<void>;
}

/** The workload that the reads of one workload ask for. */
export const BUSY = 'report';
export const TASKS = 10_000;
const NAMES = [BUSY, 'render', 'sweep', 'index'];
/** Each is a row and the copy by which its state is listed: 20,000 rows. */
const OCCURRENCES = 10_000;

export async function openReadsApp(): Promise<ReadsApp> {
  const [tables, account] = await Promise.all([startTables(), startKeyAccount()]);
  const [batch, hub] = [new MemoryBatch(), new MemoryHub()];
  const table = tableOn(tables.client('ledger'));
  const app = appOn(table, account.files, batch);
  const { newest, rows } = await fillLedger(app, NAMES, OCCURRENCES / NAMES.length);
  const activeRun = await fillActive(app, hub, BUSY);
  await fillEndedRun(app, newest, TASKS);
  await runTasks(batch, activeRun, TASKS);
  await noteBatchSeen(table, { askedAt: NOW, pools: [], jobs: 1 });
  const stop = async () => void (await Promise.all([tables.stop(), account.stop()]));
  const backfill = await fillBackfills(app, BUSY);
  return { app, client: hub.client, rows, endedRun: newest, activeRun, backfill, stop };
}

function declared(name: string): WorkloadDeclaration {
  return {
    name,
    description: `The workload ${name}`,
    pool: { vmSize: 'standard_d2s_v5', pricePerNodeHour: { spot: 0.01, dedicated: 0.1 } },
    work: { kind: 'whole', jobManager: { command: 'work' } },
    triggers: { schedule: '0 */30 * * * *' },
    budget: { perMonth: 1000 },
  };
}

function appOn(table: Table, files: App['files'], batch: MemoryBatch): App {
  const workloads = checkWorkloads(NAMES.map(declared));
  const now = () => new Date(NOW);
  return {
    table,
    files,
    batch,
    workloads,
    secrets: secretsFrom({}),
    schedules: readSchedules({ environment: {}, taskHub: 'hub', zone: 'UTC' }, workloads, []),
    about: { name: 'bench', environment: null, currency: 'USD' },
    limits: {
      maxActiveRuns: 1000,
      maxStartsPerMinute: 1000,
      monthlyNodeMinutes: null,
      monthlyCost: 10_000,
    },
    now,
    storageNow: now,
    owner: async () => OWNER,
    announce: () => undefined,
    outbox: NO_OUTBOX,
    newId: () => 'id',
  };
}
