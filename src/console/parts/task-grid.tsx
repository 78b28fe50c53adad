import { useEffect, useRef, useState } from 'preact/hooks';
import type { TaskView } from '../../client/tasks';
import { gridOf, type Grid } from '../data/task-order';
import { lookOf } from '../format/statuses';
import { drawTasks } from './draw-tasks';
import { useWidth } from './use-width';

interface Props {
  readonly tasks: readonly TaskView[];
  readonly chosen: string | null;
  readonly choose: (id: string) => void;
}

/** One cell for each task, drawn at once; the table below has the same for readers. */
export function TaskGrid({ tasks, chosen, choose }: Props) {
  const [box, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [at, point] = useState(-1);
  const grid = gridOf(tasks.length, width);
  const marked = at === -1 ? tasks.findIndex(({ id }) => id === chosen) : at;
  useEffect(() => {
    if (canvas.current !== null && width > 0) drawTasks(canvas.current, tasks, grid, marked);
  });
  const cellAt = (event: MouseEvent) => indexAt(event, grid, tasks.length);
  const task = tasks[at];
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && task !== undefined) choose(task.id);
    const step = stepOf(event.key, grid);
    if (step === 0) return;
    event.preventDefault();
    point(Math.max(0, Math.min(tasks.length - 1, Math.max(0, marked) + step)));
  };
  return (
    <div ref={box} class="task-grid">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label={`${tasks.length} tasks as cells, failed first. Arrow keys move, Enter opens; the table below lists them.`}
        style={{ width: `${grid.columns * grid.cell}px`, height: `${grid.rows * grid.cell}px` }}
        onMouseMove={(event) => point(cellAt(event))}
        onMouseLeave={() => point(-1)}
        onClick={(event) => {
          const clicked = tasks[cellAt(event)];
          if (clicked !== undefined) choose(clicked.id);
        }}
        onKeyDown={onKeyDown}
      />
      <p class="quiet grid-hint" aria-live="polite">
        {task === undefined ? ' ' : hintOf(task)}
      </p>
    </div>
  );
}

function indexAt(event: MouseEvent, { cell, columns }: Grid, count: number): number {
  const column = Math.floor(event.offsetX / cell);
  const index = Math.floor(event.offsetY / cell) * columns + column;
  return column >= 0 && column < columns && index >= 0 && index < count ? index : -1;
}

function stepOf(key: string, { columns }: Grid): number {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  return steps[key as keyof typeof steps] ?? 0;
}

function hintOf({ id, state, node, input }: TaskView): string {
  const parts = [id, lookOf(state).word, node, input].filter((part) => part !== null);
  return parts.join(' · ');
}
