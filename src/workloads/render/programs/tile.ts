/**
 * One task of a rendering: one tile of the picture, by ray tracing.
 *
 * Reads   scene/scene.bin; PARAM_WIDTH, PARAM_HEIGHT, PARAM_SAMPLES, and from its own line of the
 *         manifest TILE_NAME, TILE_X, TILE_Y, TILE_WIDTH, TILE_HEIGHT
 * Writes  outputs/<TILE_NAME>.tile
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import {
  InputError,
  quoted,
  readStaged,
  runProgram,
  wholeNumber,
  type Environment,
  type Surroundings,
} from '../../shared/lib/program';
import { renderTile } from './lib/film';
import { decodeScene } from './lib/scene-file';
import { encodeTile, readPictureSize, type NamedTile, type PictureSize } from './lib/tiles';

function main({ environment }: Surroundings): void {
  const size = readPictureSize(environment);
  const { name, ...area } = readTile(environment, size);
  const samples = wholeNumber(environment, 'PARAM_SAMPLES', { min: 1, max: 4096, otherwise: 8 });
  const scene = decodeScene(readStaged('scene/scene.bin'));

  const tile = renderTile(scene, size, area, samples);

  mkdirSync('outputs', { recursive: true });
  writeFileSync(`outputs/${name}.tile`, encodeTile(tile));
  console.log(`${name}: ${area.width} × ${area.height} pixels, ${samples} samples each.`);
}

/** The tile must lie within the picture; its name becomes a file name. */
function readTile(environment: Environment, size: PictureSize): NamedTile {
  const name = environment['TILE_NAME'] ?? '';
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name))
    throw new InputError(
      `TILE_NAME is ${quoted(name)}: it needs 1 to 64 of A-Z, a-z, 0-9, - and _.`,
    );

  const x = wholeNumber(environment, 'TILE_X', { min: 0, max: size.width - 1 });
  const y = wholeNumber(environment, 'TILE_Y', { min: 0, max: size.height - 1 });
  const width = wholeNumber(environment, 'TILE_WIDTH', { min: 1, max: size.width - x });
  const height = wholeNumber(environment, 'TILE_HEIGHT', { min: 1, max: size.height - y });
  return { name, x, y, width, height };
}

void runProgram(main);
