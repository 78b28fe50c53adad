import { vec, type Vec } from './vec';

/**
 * The random numbers of one pixel. They follow from the place of the pixel in the picture and
 * from nothing else: a picture is the same however it was cut into tiles, run after run.
 *
 * Each dimension is a shifted copy of the R2 sequence (Roberts 2018), which fills the unit square
 * evenly at any number of samples; the shift differs from pixel to pixel and dimension to dimension.
 */
export class PixelSamples {
  readonly #pixel: number;
  #sample = 0;
  #dimension = 0;

  constructor(x: number, y: number) {
    this.#pixel = hash(x + Math.imul(y, 0x1f123bb5));
  }

  /** Goes on to the sample with this number. */
  begin(sample: number): void {
    this.#sample = sample;
    this.#dimension = 0;
  }

  /** The next point of the unit square. */
  next(): readonly [number, number] {
    const shift = hash(this.#pixel + ++this.#dimension);
    const u = (shift & 0xffff) / 0x10000 + this.#sample * R2_FIRST;
    const v = (shift >>> 16) / 0x10000 + this.#sample * R2_SECOND;
    return [u - Math.floor(u), v - Math.floor(v)];
  }
}

/** One over the plastic number, and its square. */
const R2_FIRST = 0.7548776662466927;
const R2_SECOND = 0.5698402909980532;

/** Spreads the bits of a whole number over all 32 (the finaliser of MurmurHash3). */
function hash(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** A direction around `normal`, more often where its cosine is larger. */
export function aroundNormal(normal: Vec, [u, v]: readonly [number, number]): Vec {
  const radius = Math.sqrt(u);
  const angle = 2 * Math.PI * v;
  const across = radius * Math.cos(angle);
  const along = radius * Math.sin(angle);
  const up = Math.sqrt(1 - u);

  // Two axes perpendicular to the normal without a branch but the sign (Duff et al. 2017).
  const sign = normal.z >= 0 ? 1 : -1;
  const a = -1 / (sign + normal.z);
  const b = normal.x * normal.y * a;
  return vec(
    across * (1 + sign * normal.x * normal.x * a) + along * b + up * normal.x,
    across * sign * b + along * (sign + normal.y * normal.y * a) + up * normal.y,
    across * -sign * normal.x + along * -normal.y + up * normal.z,
  );
}
