import { join } from 'node:path';
import { createActivities, type Activities } from '../../src/run/activities';
import type { RunPlan, RunRequest } from '../../src/run/run';
import { type Workload, type WorkloadDeclaration } from '../../src/workload/workload';
import { MemoryBatch, secretsFrom } from '../fakes';
import { runLedgerOn } from '../../src/ledger/run-ledger';
import { MemoryFiles } from '../memory-files';
import { MemoryTable } from '../memory-table';
import { planOf, STARTED } from './given';
import { checkWorkloads } from '../../src/workload/check-workloads';
import type { ActivityContext } from '../../src/run/activity-context';

/** A secret that must turn up nowhere but in the staging container. */
export const CANARY = 'canary-3f9a1c7e5b2d4f60';

/** One workload, its run and all that the run's activities work with, in memory. */
export interface World {
  readonly workload: Workload;
  readonly plan: RunPlan;
  /** Lines of the log. */
  readonly warned: readonly string[];
  readonly batch: MemoryBatch;
  readonly files: MemoryFiles;
  readonly table: MemoryTable;
  readonly tools: ActivityContext;
  readonly activities: Activities;
}

export const now = STARTED;

export function worldOf(
  declaration: WorkloadDeclaration,
  request: Partial<RunRequest> = {},
): World {
  const batch = new MemoryBatch();
  const files = new MemoryFiles();
  const table = new MemoryTable();
  const workloads = checkWorkloads([declaration]);
  const warned: string[] = [];
  const workload = workloads.get(declaration.name);
  if (workload === undefined) throw new Error('the declaration gave no workload');
  const tools: ActivityContext = {
    batch,
    files,
    ledger: runLedgerOn(table),
    secrets: secretsFrom({ 'signing-key': CANARY }),
    workloads,
    programsFolder: join(__dirname, 'programs'),
    warn: (message) => warned.push(message),
  };
  const plan = planOf(workload, request);
  return {
    workload,
    plan,
    warned,
    batch,
    files,
    table,
    tools,
    activities: createActivities(tools),
  };
}

/** Everything there is, in a form that two worlds can be compared by. */
export function snapshot({ batch, files }: World): unknown {
  return {
    pools: Object.fromEntries(batch.pools),
    jobs: [...batch.jobs].map(([id, job]) => [id, { ...job, tasks: [...job.tasks.values()] }]),
    containers: [...files.containers]
      .map(([name, { labels, blobs }]) => ({
        name,
        labels,
        blobs: [...blobs]
          .map(([blob, { bytes }]) => `${blob}: ${bytes.toString('utf8')}`)
          .sort((one, other) => one.localeCompare(other)),
      }))
      .sort((one, other) => one.name.localeCompare(other.name)),
  };
}
