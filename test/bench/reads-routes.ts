import { backfillsHandler, backfillShowHandler } from '../../src/api/backfills';
import { costsHandler } from '../../src/api/costs';
import type { OperationHandler } from '../../src/api/handler';
import { nodesHandler } from '../../src/api/logs';
import { latestRunHandler, outputsHandler } from '../../src/api/outputs';
import { overviewHandler } from '../../src/api/overview';
import { listHandler, showHandler } from '../../src/api/runs';
import { tasksHandler } from '../../src/api/tasks';
import { workloadHandler } from '../../src/api/workload-detail';
import { workloadsHandler } from '../../src/api/workloads';
import { BUSY, type ReadsApp } from './reads-app';

/** A read that is measured. */
export interface Read {
  readonly name: string;
  readonly handler: OperationHandler;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
}

/** All reads of the API but those of logs, which are a part of one blob or one file of a node. */
export function readsOf({ app, endedRun, activeRun, backfill }: ReadsApp): readonly Read[] {
  const read = (
    name: string,
    handler: OperationHandler,
    query = '',
    params: Read['params'] = {},
  ): Read => ({ name, handler, path: `/api/read${query}`, params });
  const ended = { id: endedRun };
  const workload = { workload: BUSY };
  return [
    read('overview', overviewHandler(app)),
    read('workloads', workloadsHandler(app)),
    read('one workload', workloadHandler(app), '', workload),
    read('runs, first page', listHandler(app)),
    read('runs, 200 of one workload', listHandler(app), `?workload=${BUSY}&limit=200`),
    read('runs, failed only', listHandler(app), '?status=failed'),
    read('runs, active and failed', listHandler(app), '?status=running,failed'),
    read('an ended run', showHandler(app), '', ended),
    read('an active run', showHandler(app), '', { id: activeRun }),
    read('tasks, first page', tasksHandler(app), '', ended),
    read('tasks, page in the middle', tasksHandler(app), '?after=k5000', ended),
    read('tasks, failed only', tasksHandler(app), '?status=failed', ended),
    read('tasks, of an active run', tasksHandler(app), '', { id: activeRun }),
    read('nodes', nodesHandler(app), '', { id: activeRun }),
    read('outputs, 200 of 1,000', outputsHandler(app), '?limit=200', ended),
    read('outputs, all 1,000', outputsHandler(app), '', ended),
    read('costs by workload', costsHandler(app)),
    read('costs by day', costsHandler(app), '?by=day'),
    read('latest run, 200 outputs', latestRunHandler(app), '?limit=200', workload),
    read('backfills', backfillsHandler(app)),
    read('one backfill', backfillShowHandler(app), '', { id: backfill }),
  ];
}
