import { InputError } from '../../../shared/lib/program';

/** Triangles over shared vertices, as read from a file. */
export interface Mesh {
  /** x, y, z of each vertex. */
  readonly positions: Float32Array;
  /** x, y, z of each vertex's normal, when the file has them. */
  readonly normals: Float32Array | undefined;
  /** Three vertex numbers for each triangle. */
  readonly indices: Uint32Array;
}

/** A mesh that can be rendered: it stands in the middle of the ground, one unit large. */
export interface Scene {
  readonly positions: Float32Array;
  readonly normals: Float32Array;
  readonly indices: Uint32Array;
}

/** A node of the smallest size holds this much, several times over. */
export const MOST_VERTICES = 1_000_000;
export const MOST_TRIANGLES = 2_000_000;

/** Gathers a mesh while a file is read. `where` says which line or byte is to blame. */
export class MeshDraft {
  readonly positions: number[] = [];
  readonly normals: number[] = [];
  readonly #indices: number[] = [];

  addPosition(x: number, y: number, z: number, where: () => string): void {
    if (this.positions.length >= MOST_VERTICES * 3)
      throw new InputError(`${where()}: more than ${MOST_VERTICES} vertices; simplify the mesh.`);
    if (!Number.isFinite(x) || !Number.isFinite(y) || !Number.isFinite(z))
      throw new InputError(`${where()}: a vertex needs three finite coordinates.`);
    this.positions.push(x, y, z);
  }

  /** A polygon becomes a fan of triangles: exact for convex ones, which is what scanners write. */
  addPolygon(corners: readonly number[], where: () => string): void {
    if (corners.length < 3)
      throw new InputError(`${where()}: a face needs at least 3 corners, found ${corners.length}.`);
    if (this.#indices.length + (corners.length - 2) * 3 > MOST_TRIANGLES * 3)
      throw new InputError(`${where()}: more than ${MOST_TRIANGLES} triangles; simplify the mesh.`);

    const [first = 0] = corners;
    for (let i = 2; i < corners.length; i++) {
      this.#indices.push(first, corners[i - 1] ?? 0, corners[i] ?? 0);
    }
  }

  finish(): Mesh {
    const positions = new Float32Array(this.positions);
    if (this.#indices.length === 0) throw new InputError('the mesh has no faces.');
    return {
      positions,
      normals:
        this.normals.length === positions.length ? new Float32Array(this.normals) : undefined,
      indices: new Uint32Array(this.#indices),
    };
  }
}

/** Puts the mesh on the ground (y = 0), centred on the y axis, its longest side one unit long. */
export function standOnGround(mesh: Mesh): Scene {
  const { low, high } = boundsOf(mesh.positions);
  const longest = Math.max(high[0] - low[0], high[1] - low[1], high[2] - low[2]);
  // Float32 coordinates beyond 1e38 overflow to infinity, and a mesh may be one single point.
  if (!Number.isFinite(longest) || longest <= 0)
    throw new InputError(
      `the mesh is ${longest === 0 ? 'a single point' : 'too large for 32-bit coordinates'}.`,
    );

  const middleX = (low[0] + high[0]) / 2;
  const middleZ = (low[2] + high[2]) / 2;
  const positions = mesh.positions.map((value, i) => {
    const origin = i % 3 === 0 ? middleX : i % 3 === 1 ? low[1] : middleZ;
    return (value - origin) / longest;
  });
  const normals = normalised(mesh.normals ?? smoothNormals(positions, mesh.indices));
  return { positions, normals, indices: mesh.indices };
}

type Point = [number, number, number];

/** The corners of the box around all positions. */
export function boundsOf(positions: Float32Array): { readonly low: Point; readonly high: Point } {
  const low: Point = [Infinity, Infinity, Infinity];
  const high: Point = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i += 3) {
    for (const axis of [0, 1, 2] as const) {
      const value = positions[i + axis] ?? 0;
      if (value < low[axis]) low[axis] = value;
      if (value > high[axis]) high[axis] = value;
    }
  }
  return { low, high };
}

/** The sum of the normals of the faces around each vertex, larger faces counting for more. */
function smoothNormals(positions: Float32Array, indices: Uint32Array): Float32Array {
  const normals = new Float32Array(positions.length);
  const at = (index: number) => positions[index] ?? 0;

  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = [0, 1, 2].map((corner) => (indices[i + corner] ?? 0) * 3) as Point;
    const ux = at(b) - at(a);
    const uy = at(b + 1) - at(a + 1);
    const uz = at(b + 2) - at(a + 2);
    const vx = at(c) - at(a);
    const vy = at(c + 1) - at(a + 1);
    const vz = at(c + 2) - at(a + 2);
    const face = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx] as const;
    for (const corner of [a, b, c]) {
      for (const axis of [0, 1, 2] as const) {
        normals[corner + axis] = (normals[corner + axis] ?? 0) + face[axis];
      }
    }
  }
  return normals;
}

/** Gives each normal length one; one without a direction points up. */
function normalised(normals: Float32Array): Float32Array {
  const result = new Float32Array(normals.length);
  for (let i = 0; i < normals.length; i += 3) {
    const length = Math.hypot(normals[i] ?? 0, normals[i + 1] ?? 0, normals[i + 2] ?? 0);
    if (length > 0 && Number.isFinite(length)) {
      for (const axis of [0, 1, 2]) result[i + axis] = (normals[i + axis] ?? 0) / length;
    } else {
      result[i + 1] = 1;
    }
  }
  return result;
}
