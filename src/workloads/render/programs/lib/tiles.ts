import { InputError, wholeNumber, type Environment } from '../../../shared/lib/program';

/** The whole picture, in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A rectangle of the picture; x and y count from the top left corner. */
export interface TileArea {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface NamedTile extends TileArea {
  readonly name: string;
}

/** A rendered tile: three bytes for each pixel, row by row. */
export interface Tile extends TileArea {
  readonly rgb: Uint8Array;
}

export function readPictureSize(environment: Environment): PictureSize {
  return {
    width: wholeNumber(environment, 'PARAM_WIDTH', { min: 16, max: 7680, otherwise: 960 }),
    height: wholeNumber(environment, 'PARAM_HEIGHT', { min: 16, max: 4320, otherwise: 720 }),
  };
}

export function readTileSide(environment: Environment): number {
  return wholeNumber(environment, 'PARAM_TILE', { min: 16, max: 2048, otherwise: 240 });
}

/** Far beyond this, what each task costs by itself outweighs what it renders. */
const MOST_TILES = 20_000;

/** Cuts the picture into tiles, row by row; those at the right and lower edges may be smaller. */
export function planTiles({ width, height }: PictureSize, side: number): readonly NamedTile[] {
  const columns = Math.ceil(width / side);
  const rows = Math.ceil(height / side);
  if (columns * rows > MOST_TILES)
    throw new InputError(
      `${width} × ${height} pixels in tiles of ${side} are ${columns * rows} tasks, and at most ${MOST_TILES} are made: raise PARAM_TILE.`,
    );

  const digits = Math.max(3, String(columns * rows - 1).length);
  return Array.from({ length: columns * rows }, (_, i) => {
    const x = (i % columns) * side;
    const y = Math.floor(i / columns) * side;
    return {
      name: `tile-${String(i).padStart(digits, '0')}`,
      x,
      y,
      width: Math.min(side, width - x),
      height: Math.min(side, height - y),
    };
  });
}

/*
 * A tile file, all numbers little-endian:
 *   magic "NTIL", version u32, x u32, y u32, width u32, height u32, then RGB bytes
 */
const MAGIC = 'NTIL';
const VERSION = 1;
const HEADER_BYTES = 24;

export function encodeTile({ x, y, width, height, rgb }: Tile): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  [VERSION, x, y, width, height].forEach((value, i) => header.writeUInt32LE(value, 4 + i * 4));
  return Buffer.concat([header, rgb]);
}

export function decodeTile(file: Buffer): Tile {
  if (file.length < HEADER_BYTES || file.toString('latin1', 0, 4) !== MAGIC)
    throw new InputError('it is not a tile that tile.mjs wrote.');
  const [version = 0, x = 0, y = 0, width = 0, height = 0] = [0, 1, 2, 3, 4].map((i) =>
    file.readUInt32LE(4 + i * 4),
  );
  if (version !== VERSION)
    throw new InputError(`it has version ${version}, and this program reads ${VERSION}.`);

  const size = HEADER_BYTES + width * height * 3;
  if (file.length !== size)
    throw new InputError(
      `it has ${file.length} bytes where ${width} × ${height} pixels need ${size}.`,
    );
  return { x, y, width, height, rgb: file.subarray(HEADER_BYTES) };
}
