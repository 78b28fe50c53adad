import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Real data for the demo and the tests, taken from installed packages: nothing is downloaded. */

const load = createRequire(__filename);

/**
 * Sets of vega-datasets with dates, with groups and without, which show every part of the report.
 */
export const demoCsvNames = [
  'seattle-weather.csv',
  'co2-concentration.csv',
  'stocks.csv',
  'global-temp.csv',
  'us-employment.csv',
  'gapminder-health-income.csv',
] as const;

/** The Stanford bunny as an ASCII PLY file. */
export function bunnyPly(): string {
  const { positions, cells } = load('bunny') as {
    readonly positions: readonly (readonly number[])[];
    readonly cells: readonly (readonly number[])[];
  };
  const header = [
    'ply',
    'format ascii 1.0',
    'comment Stanford bunny',
    `element vertex ${positions.length}`,
    'property float x',
    'property float y',
    'property float z',
    `element face ${cells.length}`,
    'property list uchar int vertex_indices',
    'end_header',
  ];
  const vertices = positions.map((position) => position.join(' '));
  const faces = cells.map((cell) => [cell.length, ...cell].join(' '));
  return `${[...header, ...vertices, ...faces].join('\n')}\n`;
}

/** Files of the vega-datasets package, by name. */
export function vegaCsv(
  names: readonly string[],
): readonly { readonly name: string; readonly bytes: Buffer }[] {
  // The package's entry point is in `build/`, its data beside that folder.
  const data = path.join(path.dirname(load.resolve('vega-datasets')), '..', 'data');
  return names.map((name) => ({ name, bytes: readFileSync(path.join(data, name)) }));
}
