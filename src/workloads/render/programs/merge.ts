/**
 * The last task of a rendering: puts the tiles together.
 *
 * Reads   tiles/*.tile; PARAM_WIDTH, PARAM_HEIGHT, PARAM_TILE
 * Writes  outputs/picture.png
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { PNG } from 'pngjs';
import { readStaged, runProgram, type Surroundings } from '../../shared/lib/program';
import { assemble } from './lib/assemble';
import { planTiles, readPictureSize, readTileSide, type PictureSize } from './lib/tiles';

function main({ environment }: Surroundings): void {
  const size = readPictureSize(environment);
  const plan = planTiles(size, readTileSide(environment));

  const rgb = assemble(size, plan, tileNames().map(readTileFile));

  mkdirSync('outputs', { recursive: true });
  const png = encodePng(size, rgb);
  writeFileSync('outputs/picture.png', png);
  console.log(`${plan.length} tiles, ${size.width} × ${size.height} pixels, ${png.length} bytes.`);
}

function tileNames(): readonly string[] {
  const files = existsSync('tiles') ? readdirSync('tiles') : [];
  return files.filter((file) => file.endsWith('.tile')).map((file) => file.slice(0, -5));
}

const readTileFile = (name: string) => ({ name, content: readStaged(`tiles/${name}.tile`) });

function encodePng({ width, height }: PictureSize, rgb: Uint8Array): Buffer {
  const RGB = 2;
  const png = new PNG({ width, height, colorType: RGB, inputColorType: RGB, inputHasAlpha: false });
  png.data = Buffer.from(rgb.buffer, rgb.byteOffset, rgb.byteLength);
  return PNG.sync.write(png, {
    colorType: RGB,
    inputColorType: RGB,
    inputHasAlpha: false,
    deflateLevel: 9,
  });
}

void runProgram(main);
