import { InputError, quoted } from '../../../shared/lib/program';
import type { Mesh } from './mesh';
import { looksLikeObj, readObj } from './obj';
import { readPly } from './ply';

/** A larger mesh does not fit a small node together with what is made from it. */
export const LARGEST_FILE = 256 * 1024 * 1024;

/** Reads a mesh; which format it has is seen from its content, for names cannot be trusted. */
export function readMesh(file: Buffer): Mesh {
  if (file.length === 0) throw new InputError('the file is empty.');
  if (file.length > LARGEST_FILE)
    throw new InputError(
      `the file has ${file.length} bytes, and at most ${LARGEST_FILE} are read.`,
    );

  const start = file.toString('latin1', 0, 4096);
  if (/^ply\s/.test(start)) return readPly(file);
  if (!start.includes('\0') && looksLikeObj(start)) return readObj(file.toString('latin1'));
  throw new InputError(
    `the file is neither PLY nor OBJ; it begins with ${quoted(start.slice(0, 24))}.`,
  );
}
