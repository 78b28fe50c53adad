/** A point, a direction, or a colour in linear light. */
export interface Vec {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export const vec = (x: number, y: number, z: number): Vec => ({ x, y, z });

export const BLACK: Vec = vec(0, 0, 0);

export const add = (a: Vec, b: Vec): Vec => vec(a.x + b.x, a.y + b.y, a.z + b.z);
export const sub = (a: Vec, b: Vec): Vec => vec(a.x - b.x, a.y - b.y, a.z - b.z);
export const mul = (a: Vec, b: Vec): Vec => vec(a.x * b.x, a.y * b.y, a.z * b.z);
export const scale = (a: Vec, factor: number): Vec => vec(a.x * factor, a.y * factor, a.z * factor);
export const dot = (a: Vec, b: Vec): number => a.x * b.x + a.y * b.y + a.z * b.z;
export const length = (a: Vec): number => Math.sqrt(dot(a, a));
export const unit = (a: Vec): Vec => scale(a, 1 / length(a));
export const mix = (a: Vec, b: Vec, share: number): Vec =>
  add(scale(a, 1 - share), scale(b, share));

export const cross = (a: Vec, b: Vec): Vec =>
  vec(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);

/** From 0 at `low` to 1 at `high`, without a corner at either end. */
export function smoothStep(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return t * t * (3 - 2 * t);
}
