import type { HistogramPanel, Line, LinesPanel } from './panels';
import { formatNumber, linearScale, monthScale, type Scale } from './scale';
import { element, fitted, text } from './svg';

/** The area for the data of a panel; its axes are drawn around it. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Told apart by people who do not see red and green (Okabe and Ito 2008), darkened for white. */
const COLOURS = ['#1f6fab', '#c2500f', '#0b8a63', '#a8518a', '#b07c00', '#4a5568'];
/** Room on the right for the names of lines. */
const NAME_WIDTH = 76;

export function drawLines({ lines }: LinesPanel, frame: Frame): string {
  const named = lines.some((line) => line.name !== undefined);
  const inner = { ...frame, right: frame.right - (named ? NAME_WIDTH : 44) };
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0) return '';

  const y = linearScale(extent(points.map(({ value }) => value)), [inner.bottom, inner.top], 4);
  const x = monthScale(extent(points.map(({ month }) => month)), [inner.left, inner.right], 8);
  return [
    valueAxis(y, inner),
    bottomAxis(x, inner),
    ...lines.map((line, i) => drawLine(line, x, y, colourOf(i))),
    ...lineNames(lines, y, inner),
  ].join('\n');
}

const colourOf = (line: number): string => COLOURS[line % COLOURS.length] ?? '#000';

function drawLine({ points }: Line, x: Scale, y: Scale, stroke: string): string {
  const path = points.map(
    ({ month, value }, i) =>
      `${i === 0 ? 'M' : 'L'}${pixel(x.place(month))} ${pixel(y.place(value))}`,
  );
  const last = points.at(-1) ?? { month: 0, value: 0 };
  return (
    element('path', { d: path.join(''), class: 'line', stroke }) +
    element('circle', { cx: x.place(last.month), cy: y.place(last.value), r: 3, fill: stroke })
  );
}

const pixel = (value: number): string => String(Math.round(value * 10) / 10);

const NAME_HEIGHT = 15;

/** Names stand at the ends of their lines, and make room for each other. */
function lineNames(lines: readonly Line[], y: Scale, frame: Frame): readonly string[] {
  const step = (y.ticks[1]?.value ?? 1) - (y.ticks[0]?.value ?? 0);
  const ends = lines
    .map(({ name, points }, i) => {
      const value = points.at(-1)?.value ?? 0;
      const label = name ?? formatNumber(value, step / 10);
      return { at: y.place(value), label, colour: colourOf(i) };
    })
    .sort((a, b) => a.at - b.at);

  let lowest = frame.bottom - (ends.length - 1) * NAME_HEIGHT;
  let free = frame.top;
  return ends.map(({ at, label, colour }) => {
    const place = Math.min(lowest, Math.max(free, at));
    free = place + NAME_HEIGHT;
    lowest += NAME_HEIGHT;
    return text(frame.right + 9, place + 4, 'name', fitted(label, NAME_WIDTH - 9, 12), {
      style: `fill:${colour}`,
    });
  });
}

export function drawHistogram(
  { bins, binWidth, median, column }: HistogramPanel,
  frame: Frame,
): string {
  const lowest = bins[0]?.from ?? 0;
  const highest = (bins.at(-1)?.from ?? 0) + binWidth;
  const most = Math.max(...bins.map(({ count }) => count));
  const y = linearScale([0, most], [frame.bottom, frame.top], 4);
  const x = linearScale([lowest, highest], [frame.left, frame.right], 8);

  const bars = bins.map(({ from, count }) => {
    const left = x.place(from) + 0.75;
    const width = Math.max(1, x.place(from + binWidth) - left - 0.75);
    const top = y.place(count);
    return element('rect', { x: left, y: top, width, height: frame.bottom - top, class: 'bar' });
  });
  return [
    valueAxis(y, frame),
    ...bars,
    bottomAxis(x, frame),
    ...medianMark(x.place(median), `median ${formatNumber(median, binWidth / 10)}`, frame),
    text((frame.left + frame.right) / 2, frame.bottom + 34, 'detail', fitted(column, 400, 12.5), {
      'text-anchor': 'middle',
    }),
  ].join('\n');
}

function medianMark(
  at: number,
  label: string,
  { left, right, top, bottom }: Frame,
): readonly string[] {
  const onTheLeft = at > (left + right) / 2;
  return [
    element('line', { x1: at, x2: at, y1: top - 4, y2: bottom, class: 'median' }),
    text(at + (onTheLeft ? -6 : 6), top + 6, 'medianName', label, {
      'text-anchor': onTheLeft ? 'end' : 'start',
    }),
  ];
}

function valueAxis({ place, ticks }: Scale, { left, right }: Frame): string {
  return ticks
    .map(({ value, label }) => {
      const y = place(value);
      return (
        element('line', { x1: left, x2: right, y1: y, y2: y, class: 'grid' }) +
        text(left - 8, y + 4, 'tick', label, { 'text-anchor': 'end' })
      );
    })
    .join('\n');
}

function bottomAxis({ place, ticks }: Scale, { left, right, bottom }: Frame): string {
  const marks = ticks.map(({ value, label }) => {
    const x = place(value);
    return (
      element('line', { x1: x, x2: x, y1: bottom, y2: bottom + 4, class: 'base' }) +
      text(x, bottom + 17, 'tick', label, { 'text-anchor': 'middle' })
    );
  });
  return [
    element('line', { x1: left, x2: right, y1: bottom, y2: bottom, class: 'base' }),
    ...marks,
  ].join('\n');
}

function extent(values: readonly number[]): readonly [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
