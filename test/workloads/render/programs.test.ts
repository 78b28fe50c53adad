import { PNG } from 'pngjs';
import { afterAll, expect, test } from 'vitest';
import { bunnyPly } from '../../../local/cli/samples';
import { buildPrograms, inputs, type Ended } from '../built';
import { pyramidPly } from './meshes';

const built = buildPrograms();
afterAll(() => built.remove());

const split = (files: Readonly<Record<string, string | Uint8Array>>, environment = {}) =>
  built.run('render/programs/split.mjs', { files, environment });

const small = { PARAM_WIDTH: '48', PARAM_HEIGHT: '32', PARAM_TILE: '32', PARAM_SAMPLES: '1' };

interface Task {
  readonly id: string;
  readonly environment: Readonly<Record<string, string>>;
}

function tasksOf(ended: Ended): readonly Task[] {
  const lines = String(ended.outputs.get('tasks.jsonl')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Task);
}

/** The tiles of a picture, as the tasks of the manifest write them. */
function renderTiles(ended: Ended, environment: Readonly<Record<string, string>>) {
  const scene = ended.outputs.get('scene.bin') ?? Buffer.alloc(0);
  const tiles = tasksOf(ended).flatMap((task) => {
    const { outputs } = built.run('render/programs/tile.mjs', {
      files: { 'scene/scene.bin': scene },
      environment: { ...environment, ...task.environment },
    });
    return [...outputs].map(([name, content]) => [`tiles/${name}`, content] as const);
  });
  return Object.fromEntries(tiles);
}

const merge = (files: Readonly<Record<string, Uint8Array>>) =>
  built.run('render/programs/merge.mjs', { files, environment: small });

const ended = split(inputs({ name: 'bunny.ply', content: bunnyPly() }), small);
const tiles = renderTiles(ended, small);

test('the job manager writes a scene and one task for each tile [GD3] [RS26]', () => {
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toBe('3674 triangles, 2 tiles of a picture of 48 × 32 pixels.\n');
  expect([...ended.outputs.keys()]).toEqual(['scene.bin', 'tasks.jsonl']);
  expect(tasksOf(ended)).toEqual([
    {
      id: 'tile-000',
      environment: {
        TILE_NAME: 'tile-000',
        TILE_X: '0',
        TILE_Y: '0',
        TILE_WIDTH: '32',
        TILE_HEIGHT: '32',
      },
    },
    {
      id: 'tile-001',
      environment: {
        TILE_NAME: 'tile-001',
        TILE_X: '32',
        TILE_Y: '0',
        TILE_WIDTH: '16',
        TILE_HEIGHT: '32',
      },
    },
  ]);
});

test('split, rendered and merged, a mesh becomes a picture of the size asked for [GD5]', () => {
  const { exitCode, stderr, outputs } = merge(tiles);

  expect({ exitCode, stderr, files: [...outputs.keys()] }).toEqual({
    exitCode: 0,
    stderr: '',
    files: ['picture.png'],
  });
  const png = PNG.sync.read(outputs.get('picture.png') ?? Buffer.alloc(0));
  expect([png.width, png.height]).toEqual([48, 32]);
  expect(new Set(png.data).size).toBeGreaterThan(50);
});

test('a task that runs again writes the same bytes', () => {
  expect(renderTiles(ended, small)).toEqual(tiles);
});

test('a picture with a tile missing is not made', () => {
  const { 'tiles/tile-001.tile': _, ...rest } = tiles;

  const { exitCode, lastLine, outputs } = merge(rest);

  expect({ exitCode, lastLine, files: outputs.size }).toEqual({
    exitCode: 1,
    lastLine: '1 of 2 tiles are missing from tiles/: tile-001; their tasks have to run again.',
    files: 0,
  });
});

test('a picture with a tile of another run is not made', () => {
  const other = renderTiles(ended, { ...small, PARAM_WIDTH: '64' });
  const wrong = {
    ...tiles,
    'tiles/tile-001.tile': other['tiles/tile-000.tile'] ?? Buffer.alloc(0),
  };

  expect(merge(wrong).lastLine).toBe(
    'tiles/tile-001.tile: its x is 0 where the picture needs 32; render it with the parameters of this run.',
  );
});

test('a mesh with a hostile name that is no mesh is refused on one line before there is a task, with the name made harmless [GD30]', () => {
  const { exitCode, lastLine, stderr, outputs } = split(
    inputs({ name: '$(reboot)\n\u001B[31m\u202E../x.ply', content: 'GIF89a' }),
  );

  expect({ exitCode, lastLine, files: outputs.size }).toEqual({
    exitCode: 1,
    lastLine:
      'inputs/0001.dat ("$(reboot)\\u{a}\\u{1b}[31m\\u{202e}../x.ply"): the file is neither PLY nor OBJ; it begins with "GIF89a".',
    files: 0,
  });
  expect(stderr.split('\n')).toHaveLength(2);
});

const mesh = { name: 'a.ply', content: pyramidPly };
const app = 'it must lie in the working directory before the program starts.';

test.each([
  [{}, `inputs.json cannot be read (ENOENT): ${app}`],
  [{ 'inputs.json': '[' }, 'inputs.json is no JSON.'],
  [{ 'inputs.json': '{}' }, 'inputs.json must hold a list.'],
  [inputs(), 'a rendering needs exactly one mesh, and inputs.json names 0.'],
  [inputs(mesh, mesh), 'a rendering needs exactly one mesh, and inputs.json names 2.'],
  [
    { 'inputs.json': '[{"file":"inputs/../../etc/passwd","name":"a","size":1}]' },
    'inputs.json: "file" of entry 1 must be a plain name in inputs/, and is "inputs/../../etc/passwd".',
  ],
  [
    { 'inputs.json': '[{"file":"inputs/0001.ply","name":"a","size":1}]' },
    `inputs/0001.ply cannot be read (ENOENT): ${app}`,
  ],
])('a job manager without a usable input says so: %#', (files, reason) => {
  const { exitCode, lastLine } = split(files);

  expect({ exitCode, lastLine }).toEqual({ exitCode: 1, lastLine: reason });
});

const tile = { TILE_NAME: 'a', TILE_X: '0', TILE_Y: '0', TILE_WIDTH: '16', TILE_HEIGHT: '16' };

test.each([
  [
    { ...tile, TILE_NAME: '../a' },
    'TILE_NAME is "../a": it needs 1 to 64 of A-Z, a-z, 0-9, - and _.',
  ],
  [{ ...tile, TILE_X: '' }, 'TILE_X is not set: set it to a whole number from 0 to 47.'],
  [{ ...tile, TILE_X: '40' }, 'TILE_WIDTH is "16": set it to a whole number from 1 to 8.'],
  [{ ...tile, TILE_Y: '32' }, 'TILE_Y is "32": set it to a whole number from 0 to 31.'],
  [
    { ...tile, PARAM_SAMPLES: '0' },
    'PARAM_SAMPLES is "0": set it to a whole number from 1 to 4096.',
  ],
  [tile, `scene/scene.bin cannot be read (ENOENT): ${app}`],
])('a tile outside the picture or without a scene is refused: %#', (environment, reason) => {
  const { exitCode, lastLine } = built.run('render/programs/tile.mjs', {
    environment: { ...small, ...environment },
  });

  expect({ exitCode, lastLine }).toEqual({ exitCode: 1, lastLine: reason });
});
