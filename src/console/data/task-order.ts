import type { TaskView } from '../../client/tasks';

export interface TaskFilters {
  readonly state?: string | undefined;
  readonly node?: string | undefined;
  readonly name?: string | undefined;
}

const ORDER: Readonly<Record<TaskView['state'], number>> = {
  failed: 0,
  running: 1,
  waiting: 2,
  succeeded: 3,
};

/** The tasks that fit all filters, failed ones first, each state by name. */
export function tasksFor(
  tasks: readonly TaskView[],
  { state = '', node = '', name = '' }: TaskFilters,
): readonly TaskView[] {
  const wanted = name.toLowerCase();
  return tasks
    .filter(
      (task) =>
        (state === '' || task.state === state) &&
        (node === '' || task.node === node) &&
        (wanted === '' || nameOf(task).toLowerCase().includes(wanted)),
    )
    .sort((one, other) => ORDER[one.state] - ORDER[other.state] || compareNames(one.id, other.id));
}

function nameOf({ id, input }: TaskView): string {
  return input === null ? id : `${id} ${input}`;
}

const byNumber = new Intl.Collator('en', { numeric: true });

function compareNames(one: string, other: string): number {
  return byNumber.compare(one, other);
}

/** The cells of a grid that shows this many tasks in this width, in CSS pixels. */
export interface Grid {
  readonly cell: number;
  readonly columns: number;
  readonly rows: number;
}

const CELLS = [18, 14, 11, 9, 7, 6, 5, 4] as const;
const MAX_HEIGHT = 300;

/** The largest cells with which everything fits. */
export function gridOf(count: number, width: number): Grid {
  const fits = CELLS.map((cell) => shapeOf(count, width, cell));
  return (
    fits.find(({ cell, rows }) => cell * rows <= MAX_HEIGHT) ??
    shapeOf(count, width, CELLS.at(-1) ?? 4)
  );
}

function shapeOf(count: number, width: number, cell: number): Grid {
  const columns = Math.max(1, Math.floor(width / cell));
  return { cell, columns, rows: Math.ceil(count / columns) };
}
