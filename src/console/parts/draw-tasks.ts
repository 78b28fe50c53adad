import type { TaskView } from '../../client/tasks';
import type { Grid } from '../data/task-order';

/** Draws the cells of tasks. Colours are those of the theme; a failed task is crossed as well. */
export function drawTasks(
  canvas: HTMLCanvasElement,
  tasks: readonly TaskView[],
  { cell, columns, rows }: Grid,
  marked: number,
): void {
  const scale = window.devicePixelRatio;
  canvas.width = Math.max(1, columns * cell * scale);
  canvas.height = Math.max(1, rows * cell * scale);
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const colours = coloursIn(style);
  const size = cell > 6 ? cell - 2 : cell - 1;
  for (const [index, { state }] of tasks.entries()) {
    const [x, y] = [(index % columns) * cell, Math.floor(index / columns) * cell];
    const colour = colours[state];
    context.fillStyle = colour;
    context.strokeStyle = colour;
    if (state === 'waiting') context.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
    else context.fillRect(x, y, size, size);
    if (state === 'failed' && cell > 8) cross(context, x, y, size, colours.ground);
    if (index === marked) mark(context, x, y, size, colours.text);
  }
}

function coloursIn(style: CSSStyleDeclaration) {
  const colour = (name: string) => style.getPropertyValue(`--canvas-${name}`);
  return {
    failed: colour('failed'),
    running: colour('running'),
    waiting: colour('waiting'),
    succeeded: colour('succeeded'),
    ground: colour('ground'),
    text: colour('text'),
  };
}

function cross(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  size: number,
  colour: string,
): void {
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(x + 2, y + 2);
  context.lineTo(x + size - 2, y + size - 2);
  context.moveTo(x + size - 2, y + 2);
  context.lineTo(x + 2, y + size - 2);
  context.stroke();
}

function mark(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  size: number,
  colour: string,
): void {
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.strokeRect(x, y, size, size);
  context.lineWidth = 1;
}
