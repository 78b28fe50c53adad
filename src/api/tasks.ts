import type { App } from '../app';
import { Failure } from '../failure';
import { causeOf, readKeptTasks } from '../run/finish/task-list';
import type { TaskQuery } from '../run/finish/reads';
import { ValidationError } from '../workload/validation';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { checkRunId, queryOf } from './requests';
import { isActiveRun, runViewOf } from './run-view';
import type { RunView } from './schemas/run';
import { tasksQuerySchema, type tasksPageSchema } from './schemas/task';
import type { View } from './schemas/view';

type Page = View<typeof tasksPageSchema>;

/** GET /api/runs/{id}/tasks?status=&after=&limit= returns a page of the tasks of a run. */
export function tasksHandler(app: App): OperationHandler {
  return answering('tasks-list', async (request, client) => {
    const { status, after, limit } = queryOf(tasksQuerySchema, request);
    const run = await runViewOf(app, client, checkRunId(request.params['id'] ?? ''));
    const query = { state: status ?? null, cursor: after?.slice(1) ?? null, limit };
    const jsonBody = await pageOf(app, run, query, after?.[0] ?? null);
    return { status: 200, jsonBody };
  });
}

/** `b` marks a cursor of Batch, `k` one of the list that is kept with the record. */
async function pageOf(
  app: App,
  run: RunView,
  query: TaskQuery,
  source: string | null,
): Promise<Page> {
  if (source !== 'k' && (isActiveRun(run) || source === 'b')) {
    const page = await liveTasks(app, run.runId, query);
    if (page !== null) return page;
    if (source === 'b') throw wrongCursor('the run has ended meanwhile; start at the first page');
  }
  const kept = await readKeptTasks(app.files, run.runId, query);
  if (kept !== null) return { ...kept, next: marked('k', kept.next) };
  const { active, running, succeeded, failed } = run.tasks ?? NONE;
  return { tasks: [], next: null, isComplete: active + running + succeeded + failed === 0 };
}

const NONE = { active: 0, running: 0, succeeded: 0, failed: 0 };

/** Null without a job. */
async function liveTasks({ batch }: App, runId: string, query: TaskQuery): Promise<Page | null> {
  try {
    const page = await batch.listTasks(runId, query);
    if (page === null) return null;
    const tasks = page.tasks.map((task) => ({ ...task, cause: causeOf(task) }));
    return { tasks, next: marked('b', page.next), isComplete: true };
  } catch (error) {
    const isRefused = error instanceof Failure && error.code === 'badSpecification';
    if (query.cursor === null || !isRefused) throw error;
    throw wrongCursor('must be `next` of the page before');
  }
}

function marked(source: 'b' | 'k', cursor: string | null): string | null {
  return cursor === null ? null : `${source}${cursor}`;
}

function wrongCursor(message: string): ValidationError {
  return new ValidationError([{ field: 'after', message }]);
}
