import { InputError } from '../../../shared/lib/program';
import type { Scene } from './mesh';

/*
 * scene.bin, all numbers little-endian:
 *   magic "NSCN", version u32, vertices u32, triangles u32,
 *   positions f32 × 3 × vertices, normals f32 × 3 × vertices, indices u32 × 3 × triangles
 */
const MAGIC = 'NSCN';
const VERSION = 1;
const HEADER_BYTES = 16;

export function encodeScene({ positions, normals, indices }: Scene): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt32LE(VERSION, 4);
  header.writeUInt32LE(positions.length / 3, 8);
  header.writeUInt32LE(indices.length / 3, 12);
  // Every machine that Batch rents is little-endian, so the arrays are written as they lie.
  return Buffer.concat([header, bytesOf(positions), bytesOf(normals), bytesOf(indices)]);
}

export function decodeScene(file: Buffer): Scene {
  if (file.length < HEADER_BYTES || file.toString('latin1', 0, 4) !== MAGIC)
    throw new InputError('scene.bin is not a scene: it must be the one that split.mjs wrote.');
  const version = file.readUInt32LE(4);
  if (version !== VERSION)
    throw new InputError(`scene.bin has version ${version}, and this program reads ${VERSION}.`);

  const vertices = file.readUInt32LE(8);
  const triangles = file.readUInt32LE(12);
  const size = HEADER_BYTES + vertices * 24 + triangles * 12;
  if (file.length !== size)
    throw new InputError(
      `scene.bin has ${file.length} bytes where its header promises ${size}: it was cut short.`,
    );

  // A copy, because a Buffer may begin anywhere and a Float32Array only at a multiple of four.
  const bytes = new Uint8Array(file).buffer;
  const normalsAt = HEADER_BYTES + vertices * 12;
  const indicesAt = normalsAt + vertices * 12;
  const scene = {
    positions: new Float32Array(bytes, HEADER_BYTES, vertices * 3),
    normals: new Float32Array(bytes, normalsAt, vertices * 3),
    indices: new Uint32Array(bytes, indicesAt, triangles * 3),
  };
  if (scene.indices.some((index) => index >= vertices))
    throw new InputError('scene.bin is damaged: a triangle names a vertex that is not there.');
  return scene;
}

function bytesOf(array: Float32Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
