/**
 * The job manager of a rendering: checks the mesh, writes it as a scene all tiles can load fast,
 * and lists one task for each tile of the picture.
 *
 * Reads   inputs.json and the one mesh it names; PARAM_WIDTH, PARAM_HEIGHT, PARAM_TILE
 * Writes  outputs/scene.bin, outputs/tasks.jsonl
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { readInputs, type Input } from '../../shared/lib/inputs';
import {
  blaming,
  InputError,
  quoted,
  readStaged,
  runProgram,
  type Surroundings,
} from '../../shared/lib/program';
import { standOnGround, type Scene } from './lib/mesh';
import { readMesh } from './lib/read-mesh';
import { encodeScene } from './lib/scene-file';
import { planTiles, readPictureSize, readTileSide, type NamedTile } from './lib/tiles';

function main({ environment }: Surroundings): void {
  const size = readPictureSize(environment);
  const tiles = planTiles(size, readTileSide(environment));
  const scene = readScene(theOnly(readInputs()));

  mkdirSync('outputs', { recursive: true });
  writeFileSync('outputs/scene.bin', encodeScene(scene));
  writeFileSync('outputs/tasks.jsonl', tiles.map(taskLine).join(''));

  console.log(
    `${scene.indices.length / 3} triangles, ${tiles.length} tiles of a picture of ${size.width} × ${size.height} pixels.`,
  );
}

function theOnly(inputs: readonly Input[]): Input {
  const [mesh, ...others] = inputs;
  if (mesh !== undefined && others.length === 0) return mesh;
  throw new InputError(
    `a rendering needs exactly one mesh, and inputs.json names ${inputs.length}.`,
  );
}

function readScene({ file, name }: Input): Scene {
  const content = readStaged(file);
  return blaming(`${file} (${quoted(name)})`, () => standOnGround(readMesh(content)));
}

/** One line of the manifest: a task's id and its environment. */
function taskLine({ name, x, y, width, height }: NamedTile): string {
  const environment = {
    TILE_NAME: name,
    TILE_X: String(x),
    TILE_Y: String(y),
    TILE_WIDTH: String(width),
    TILE_HEIGHT: String(height),
  };
  return `${JSON.stringify({ id: name, environment })}\n`;
}

void runProgram(main);
