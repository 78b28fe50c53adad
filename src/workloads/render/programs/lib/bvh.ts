import type { Scene } from './mesh';
import { vec, type Vec } from './vec';

/**
 * A tree of boxes around the triangles of a scene. A ray asks the boxes first, so it meets a few
 * triangles instead of all of them.
 *
 * The arrays are flat because they are read a hundred million times a picture. Node `n` has its box
 * at `boxes[6n…]` (low x, y, z, high x, y, z). An inner node has its children at `first[n]` and
 * `first[n] + 1`; a leaf has `count[n]` triangles from `first[n]` on.
 */
export interface Bvh {
  readonly boxes: Float32Array;
  readonly first: Uint32Array;
  readonly count: Uint32Array;
  /** Corner and two edges (nine numbers) of each triangle, in the order of the leaves. */
  readonly triangles: Float64Array;
  /** Number of each triangle in the scene. */
  readonly order: Uint32Array;
}

export function buildBvh(scene: Scene): Bvh {
  const total = scene.indices.length / 3;
  const draft: Draft = {
    boxes: new Float32Array(total * 2 * 6),
    first: new Uint32Array(total * 2),
    count: new Uint32Array(total * 2),
    order: Uint32Array.from({ length: total }, (_, i) => i),
    bounds: triangleBounds(scene),
    nodes: 1,
  };
  draft.count[0] = total;
  const open = [{ node: 0, depth: 1 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, depth } = next;
    fitBox(draft, node);
    const left = depth < DEEPEST ? split(draft, node) : undefined;
    if (left !== undefined)
      open.push({ node: left + 1, depth: depth + 1 }, { node: left, depth: depth + 1 });
  }
  return { ...draft, triangles: edgesOf(scene, draft.order) };
}

/** Maximum depth of the tree: a ray keeps one open box for each level. */
const DEEPEST = 64;

interface Draft {
  readonly boxes: Float32Array;
  readonly first: Uint32Array;
  readonly count: Uint32Array;
  readonly order: Uint32Array;
  /** The box of each triangle of the scene, six numbers each. */
  readonly bounds: Float32Array;
  nodes: number;
}

/** Reads a number that is there. */
const at = (array: Float32Array | Float64Array | Uint32Array, index: number): number =>
  array[index] ?? 0;

function triangleBounds({ positions, indices }: Scene): Float32Array {
  const bounds = new Float32Array(indices.length * 2);
  for (let corner = 0; corner < indices.length; corner += 3) {
    for (let axis = 0; axis < 3; axis++) {
      const a = at(positions, at(indices, corner) * 3 + axis);
      const b = at(positions, at(indices, corner + 1) * 3 + axis);
      const c = at(positions, at(indices, corner + 2) * 3 + axis);
      bounds[corner * 2 + axis] = Math.min(a, b, c);
      bounds[corner * 2 + axis + 3] = Math.max(a, b, c);
    }
  }
  return bounds;
}

function fitBox({ boxes, first, count, order, bounds }: Draft, node: number): void {
  const from = at(first, node);
  const to = from + at(count, node);
  for (let side = 0; side < 6; side++) {
    const isLow = side < 3;
    let edge = isLow ? Infinity : -Infinity;
    for (let i = from; i < to; i++) {
      const value = at(bounds, at(order, i) * 6 + side);
      if (isLow ? value < edge : value > edge) edge = value;
    }
    boxes[node * 6 + side] = edge;
  }
}

const LARGEST_LEAF = 4;
const BINS = 12;

/** Turns a node into an inner node when that makes rays cheaper; answers its left child. */
function split(draft: Draft, node: number): number | undefined {
  const { first, count } = draft;
  const from = at(first, node);
  const total = at(count, node);
  if (total <= LARGEST_LEAF) return undefined;

  const cut = bestCut(draft, node);
  const middle = cut === undefined ? from : partition(draft, from, from + total, cut);
  if (middle === from || middle === from + total) return undefined;

  const left = draft.nodes;
  draft.nodes += 2;
  first[left] = from;
  count[left] = middle - from;
  first[left + 1] = middle;
  count[left + 1] = from + total - middle;
  first[node] = left;
  count[node] = 0;
  return left;
}

interface Cut {
  readonly axis: number;
  /** Triangles whose centre (doubled) is below go left. */
  readonly below: number;
}

/** Tries evenly spaced cuts of the longest axis and takes the cheapest (surface area heuristic). */
function bestCut(draft: Draft, node: number): Cut | undefined {
  const { first, count, order, bounds } = draft;
  const from = at(first, node);
  const to = from + at(count, node);
  const { axis, low, width } = widestAxis(draft, from, to);
  if (width === 0) return undefined;

  const bins = Array.from({ length: BINS }, emptyBin);
  for (let i = from; i < to; i++) {
    const triangle = at(order, i);
    const place = (doubledCentre(bounds, triangle, axis) - low) / width;
    const bin = bins[Math.min(BINS - 1, Math.floor(place * BINS))] ?? emptyBin();
    grow(bin, bounds, triangle * 6);
    bin.count++;
  }

  let best = { cost: Infinity, bin: 0 };
  for (let bin = 1; bin < BINS; bin++) {
    const cost = costOf(bins.slice(0, bin)) + costOf(bins.slice(bin));
    if (cost < best.cost) best = { cost, bin };
  }
  return { axis, below: low + (width * best.bin) / BINS };
}

function widestAxis({ order, bounds }: Draft, from: number, to: number) {
  let widest = { axis: 0, low: 0, width: 0 };
  for (let axis = 0; axis < 3; axis++) {
    let low = Infinity;
    let high = -Infinity;
    for (let i = from; i < to; i++) {
      const centre = doubledCentre(bounds, at(order, i), axis);
      if (centre < low) low = centre;
      if (centre > high) high = centre;
    }
    if (high - low > widest.width) widest = { axis, low, width: high - low };
  }
  return widest;
}

const doubledCentre = (bounds: Float32Array, triangle: number, axis: number): number =>
  at(bounds, triangle * 6 + axis) + at(bounds, triangle * 6 + axis + 3);

interface Bin {
  count: number;
  readonly box: Float64Array;
}

const emptyBin = (): Bin => ({
  count: 0,
  box: Float64Array.of(Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity),
});

function grow({ box }: Bin, boxes: Float32Array | Float64Array, offset: number): void {
  for (let axis = 0; axis < 3; axis++) {
    box[axis] = Math.min(at(box, axis), at(boxes, offset + axis));
    box[axis + 3] = Math.max(at(box, axis + 3), at(boxes, offset + axis + 3));
  }
}

/** Surface area of these bins, as the probability of a hit, times the triangles to test. */
function costOf(bins: readonly Bin[]): number {
  const sum = emptyBin();
  for (const { count, box } of bins) {
    if (count > 0) grow(sum, box, 0);
    sum.count += count;
  }
  if (sum.count === 0) return Infinity;
  const [x, y, z] = [0, 1, 2].map((axis) => at(sum.box, axis + 3) - at(sum.box, axis)) as [
    number,
    number,
    number,
  ];
  return sum.count * (x * y + y * z + z * x);
}

/** Moves the triangles of the left side to the front; returns the index where the right side begins. */
function partition({ order, bounds }: Draft, from: number, to: number, cut: Cut): number {
  let middle = from;
  for (let i = from; i < to; i++) {
    const triangle = at(order, i);
    if (doubledCentre(bounds, triangle, cut.axis) >= cut.below) continue;
    order[i] = at(order, middle);
    order[middle] = triangle;
    middle++;
  }
  return middle;
}

function edgesOf({ positions, indices }: Scene, order: Uint32Array): Float64Array {
  const triangles = new Float64Array(order.length * 9);
  order.forEach((triangle, place) => {
    for (let axis = 0; axis < 3; axis++) {
      const [a, b, c] = [0, 1, 2].map((corner) =>
        at(positions, at(indices, triangle * 3 + corner) * 3 + axis),
      ) as [number, number, number];
      triangles[place * 9 + axis] = a;
      triangles[place * 9 + 3 + axis] = b - a;
      triangles[place * 9 + 6 + axis] = c - a;
    }
  });
  return triangles;
}

/** The point where a ray hit the scene. One object is reused, since every ray writes it. */
export class Hit {
  distance = Infinity;
  /** Number of the triangle in the scene; -1 when the ray met nothing. */
  triangle = -1;
  /** Weights of the second and third corner. */
  u = 0;
  v = 0;
}

/** The boxes a ray still has to look into; shared, because a ray is followed to its end. */
const stack = new Uint32Array(DEEPEST);

/**
 * Finds the nearest triangle on the ray, or (with `any`) the first one found, nearer than
 * `reach`. Returns whether there is one, and stores it in `hit`.
 */
export function intersect(
  bvh: Bvh,
  origin: Vec,
  direction: Vec,
  reach: number,
  hit: Hit,
  any: boolean,
): boolean {
  const inverse = vec(1 / direction.x, 1 / direction.y, 1 / direction.z);
  hit.triangle = -1;
  hit.distance = reach;
  if (entry(bvh.boxes, 0, origin, inverse, reach) === Infinity) return false;

  let depth = 0;
  let node = 0;
  for (;;) {
    const count = at(bvh.count, node);
    const first = at(bvh.first, node);
    if (count > 0) {
      meet(bvh, first, first + count, origin, direction, hit);
      if (any && hit.triangle !== -1) return true;
    } else {
      const left = entry(bvh.boxes, first, origin, inverse, hit.distance);
      const right = entry(bvh.boxes, first + 1, origin, inverse, hit.distance);
      if (left !== Infinity && right !== Infinity)
        stack[depth++] = left <= right ? first + 1 : first;
      if (left !== Infinity || right !== Infinity) {
        node = left <= right ? first : first + 1;
        continue;
      }
    }
    if (depth === 0) return hit.triangle !== -1;
    node = at(stack, --depth);
  }
}

/** The distance at which a ray enters the box of a node, or Infinity when it misses it. */
function entry(
  boxes: Float32Array,
  node: number,
  origin: Vec,
  inverse: Vec,
  reach: number,
): number {
  const box = node * 6;
  const x1 = (at(boxes, box) - origin.x) * inverse.x;
  const x2 = (at(boxes, box + 3) - origin.x) * inverse.x;
  const y1 = (at(boxes, box + 1) - origin.y) * inverse.y;
  const y2 = (at(boxes, box + 4) - origin.y) * inverse.y;
  const z1 = (at(boxes, box + 2) - origin.z) * inverse.z;
  const z2 = (at(boxes, box + 5) - origin.z) * inverse.z;
  const enter = Math.max(0, Math.min(x1, x2), Math.min(y1, y2), Math.min(z1, z2));
  const leave = Math.min(reach, Math.max(x1, x2), Math.max(y1, y2), Math.max(z1, z2));
  return enter <= leave ? enter : Infinity;
}

/** Nearer than this, a ray meets the surface it started from. */
const NEAREST = 1e-6;

/** Tests the triangles of a leaf (Möller and Trumbore 1997) and keeps the nearest in `hit`. */
function meet(
  { triangles, order }: Bvh,
  from: number,
  to: number,
  origin: Vec,
  direction: Vec,
  hit: Hit,
): void {
  for (let place = from; place < to; place++) {
    const i = place * 9;
    const ex = at(triangles, i + 3);
    const ey = at(triangles, i + 4);
    const ez = at(triangles, i + 5);
    const fx = at(triangles, i + 6);
    const fy = at(triangles, i + 7);
    const fz = at(triangles, i + 8);

    const px = direction.y * fz - direction.z * fy;
    const py = direction.z * fx - direction.x * fz;
    const pz = direction.x * fy - direction.y * fx;
    const determinant = ex * px + ey * py + ez * pz;
    if (determinant === 0) continue;

    const inverse = 1 / determinant;
    const tx = origin.x - at(triangles, i);
    const ty = origin.y - at(triangles, i + 1);
    const tz = origin.z - at(triangles, i + 2);
    const u = (tx * px + ty * py + tz * pz) * inverse;
    if (u < 0 || u > 1) continue;

    const qx = ty * ez - tz * ey;
    const qy = tz * ex - tx * ez;
    const qz = tx * ey - ty * ex;
    const v = (direction.x * qx + direction.y * qy + direction.z * qz) * inverse;
    if (v < 0 || u + v > 1) continue;

    const distance = (fx * qx + fy * qy + fz * qz) * inverse;
    if (distance <= NEAREST || distance >= hit.distance) continue;
    hit.distance = distance;
    hit.triangle = at(order, place);
    hit.u = u;
    hit.v = v;
  }
}
