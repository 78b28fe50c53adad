import { expect, test } from 'vitest';
import { assemble } from '../../../src/workloads/render/programs/lib/assemble';
import {
  decodeTile,
  encodeTile,
  planTiles,
  readPictureSize,
  type TileArea,
} from '../../../src/workloads/render/programs/lib/tiles';

test('a picture is cut into tiles row by row, smaller ones at the right and lower edges [GD3]', () => {
  expect(planTiles({ width: 50, height: 30 }, 20)).toEqual([
    { name: 'tile-000', x: 0, y: 0, width: 20, height: 20 },
    { name: 'tile-001', x: 20, y: 0, width: 20, height: 20 },
    { name: 'tile-002', x: 40, y: 0, width: 10, height: 20 },
    { name: 'tile-003', x: 0, y: 20, width: 20, height: 10 },
    { name: 'tile-004', x: 20, y: 20, width: 20, height: 10 },
    { name: 'tile-005', x: 40, y: 20, width: 10, height: 10 },
  ]);
});

test('tiles cover every pixel once, whatever the sizes', () => {
  for (const [width, height, side] of [
    [16, 16, 16],
    [17, 33, 16],
    [100, 47, 31],
    [16, 99, 2048],
  ] as const) {
    const painted = new Uint8Array(width * height);
    for (const tile of planTiles({ width, height }, side)) {
      for (let i = 0; i < tile.width * tile.height; i++) {
        const at = (tile.y + Math.floor(i / tile.width)) * width + tile.x + (i % tile.width);
        painted[at] = (painted[at] ?? 0) + 1;
      }
    }
    expect(painted.every((count) => count === 1)).toBe(true);
  }
});

test('more tiles than are worth their tasks are refused', () => {
  expect(() => planTiles({ width: 7680, height: 4320 }, 16)).toThrow(
    '7680 × 4320 pixels in tiles of 16 are 129600 tasks, and at most 20000 are made: raise PARAM_TILE.',
  );
});

test.each([['x'], ['-1'], ['1e3'], ['15'], ['7681'], ['960.5'], [' 960'], ['0x100'], ['९६०']])(
  'a width of %j is refused',
  (width) => {
    expect(() => readPictureSize({ PARAM_WIDTH: width })).toThrow(
      `PARAM_WIDTH is "${width}": set it to a whole number from 16 to 7680.`,
    );
  },
);

test('a picture without a size is 960 by 720', () => {
  expect(readPictureSize({ PARAM_WIDTH: '' })).toEqual({ width: 960, height: 720 });
});

const size = { width: 3, height: 2 };
const plan = planTiles(size, 2);
/** Every byte says which tile painted it. */
const tileFile = (name: string, area: TileArea, value: number) => ({
  name,
  content: encodeTile({ ...area, rgb: new Uint8Array(area.width * area.height * 3).fill(value) }),
});
const files = plan.map((tile, i) => tileFile(tile.name, tile, i + 1));
const [first, second] = files as [(typeof files)[0], (typeof files)[0]];

test('tiles become the picture, in any order [GD5]', () => {
  const row = [1, 1, 1, 1, 1, 1, 2, 2, 2];

  expect([...assemble(size, plan, files.toReversed())]).toEqual([...row, ...row]);
});

test('a missing tile is named', () => {
  expect(() => assemble(size, plan, [first])).toThrow(
    '1 of 2 tiles are missing from tiles/: tile-001; their tasks have to run again.',
  );
});

test('a tile that is not of this picture is refused', () => {
  expect(() => assemble(size, plan, [...files, { ...first, name: 'tile-9' }])).toThrow(
    'tiles/ holds 1 tiles that are not of this picture: tile-9.',
  );
});

test('two tiles on the same place are refused, as is one of another size', () => {
  const area = plan[1] as TileArea;

  expect(() => assemble(size, plan, [first, { ...second, content: first.content }])).toThrow(
    'tiles/tile-001.tile: its x is 0 where the picture needs 2',
  );
  expect(() =>
    assemble(size, plan, [first, tileFile('tile-001', { ...area, width: 2 }, 0)]),
  ).toThrow('tiles/tile-001.tile: its width is 2 where the picture needs 1');
});

test('a tile file that is not whole is refused', () => {
  expect(() => decodeTile(Buffer.alloc(0))).toThrow('it is not a tile');
  expect(() => decodeTile(first.content.subarray(0, -1))).toThrow(
    'it has 35 bytes where 2 × 2 pixels need 36.',
  );
});
