import { blaming, InputError } from '../../../shared/lib/program';
import { decodeTile, type NamedTile, type PictureSize } from './tiles';

/** A tile file as it lies in the working directory. */
export interface TileFile {
  /** The name without `.tile`. */
  readonly name: string;
  readonly content: Buffer;
}

/**
 * Puts the picture together. Each planned tile must be there once, with the place and size the plan
 * gives it, and no other: then no pixel is missing and none is painted twice.
 */
export function assemble(
  size: PictureSize,
  plan: readonly NamedTile[],
  files: readonly TileFile[],
): Uint8Array {
  const byName = new Map(files.map((file) => [file.name, file.content]));
  checkNames(plan, byName);

  const rgb = new Uint8Array(size.width * size.height * 3);
  for (const planned of plan) {
    const tile = blaming(`tiles/${planned.name}.tile`, () =>
      readPlanned(planned, byName.get(planned.name) ?? Buffer.alloc(0)),
    );
    for (let row = 0; row < tile.height; row++) {
      const line = tile.rgb.subarray(row * tile.width * 3, (row + 1) * tile.width * 3);
      rgb.set(line, ((tile.y + row) * size.width + tile.x) * 3);
    }
  }
  return rgb;
}

function checkNames(plan: readonly NamedTile[], found: ReadonlyMap<string, Buffer>): void {
  const planned = new Set(plan.map(({ name }) => name));
  const missing = [...planned].filter((name) => !found.has(name));
  if (missing.length > 0)
    throw new InputError(
      `${missing.length} of ${plan.length} tiles are missing from tiles/: ${firstFew(missing)}; their tasks have to run again.`,
    );
  const foreign = [...found.keys()].filter((name) => !planned.has(name));
  if (foreign.length > 0)
    throw new InputError(
      `tiles/ holds ${foreign.length} tiles that are not of this picture: ${firstFew(foreign)}.`,
    );
}

function firstFew(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and others` : names.join(', ');
}

function readPlanned(planned: NamedTile, content: Buffer) {
  const tile = decodeTile(content);
  for (const field of ['x', 'y', 'width', 'height'] as const) {
    if (tile[field] !== planned[field])
      throw new InputError(
        `its ${field} is ${tile[field]} where the picture needs ${planned[field]}; render it with the parameters of this run.`,
      );
  }
  return tile;
}
