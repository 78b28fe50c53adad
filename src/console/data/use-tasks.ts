import { useEffect, useState } from 'preact/hooks';
import type { TaskView } from '../../client/tasks';
import { request, successOf } from './connection';
import { errorOf } from './query';
import { runPath, withQuery } from './addresses';
import type { ApiError } from '../../client/api-error';

export interface Tasks {
  readonly tasks: readonly TaskView[];
  /** False while pages are still being read, and where a run has more than are shown. */
  readonly isComplete: boolean;
  /** False where not all tasks of an ended run were kept. */
  readonly areKept: boolean;
  readonly error: ApiError | null;
}

interface Page {
  readonly tasks: readonly TaskView[];
  readonly next: string | null;
  readonly isComplete: boolean;
}

const PAGE = 1000;
const MAX_TASKS = 20_000;
const NOTHING: Tasks = { tasks: [], isComplete: false, areKept: true, error: null };

/**
 * All tasks of a run, page by page. They are read again when `version` changes, and replaced when
 * the last page has come, so that nothing that is shown disappears meanwhile.
 */
export function useTasks(runId: string, version: string): Tasks {
  const [shown, show] = useState(NOTHING);
  useEffect(() => show(NOTHING), [runId]);
  useEffect(() => {
    const abort = new AbortController();
    const isFirst = shown.tasks.length === 0;
    readAll(runId, abort.signal, (tasks) => {
      if (isFirst || tasks.isComplete) show(tasks);
    }).catch((cause: unknown) => {
      if (!abort.signal.aborted) show((before) => ({ ...before, error: errorOf(cause) }));
    });
    return () => abort.abort();
  }, [runId, version]);
  return shown;
}

async function readAll(
  runId: string,
  signal: AbortSignal,
  show: (tasks: Tasks) => void,
): Promise<void> {
  const tasks: TaskView[] = [];
  let after: string | undefined;
  for (;;) {
    const path = withQuery(`${runPath(runId)}/tasks`, { limit: String(PAGE), after });
    const response = await successOf(await request(path, { signal }));
    const page = (await response.json()) as Page;
    tasks.push(...page.tasks);
    after = page.next ?? undefined;
    const isComplete = after === undefined;
    show({ tasks: [...tasks], isComplete, areKept: page.isComplete, error: null });
    if (isComplete || tasks.length >= MAX_TASKS) return;
  }
}
