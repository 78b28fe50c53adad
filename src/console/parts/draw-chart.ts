import UPlot from 'uplot';

export interface Chart {
  readonly width: number;
  readonly height: number;
  /** `2026-11-30`, ascending. */
  readonly days: readonly string[];
  readonly sums: readonly number[];
}

/** Draws bars by day, and returns the function that removes them. */
export function drawChart(place: HTMLElement, { width, height, days, sums }: Chart): () => void {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(`--canvas-${name}`);
  const axis = { stroke: colour('text'), grid: { stroke: colour('line'), width: 1 } };
  const seconds = days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1000);
  const options: UPlot.Options = {
    width,
    height,
    tzDate: (at) => UPlot.tzDate(new Date(at * 1000), 'UTC'),
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_chart, _low, high) => [0, high * 1.1 || 1] } },
    axes: [{ ...axis }, { ...axis, size: 60 }],
    series: [
      {},
      {
        fill: colour('succeeded'),
        stroke: colour('succeeded'),
        points: { show: false },
        ...(UPlot.paths.bars !== undefined && {
          paths: UPlot.paths.bars({ size: [0.7, 40] }),
        }),
      },
    ],
  };
  const chart = new UPlot(options, [seconds, sums.map((sum) => (sum === 0 ? null : sum))], place);
  return () => chart.destroy();
}
