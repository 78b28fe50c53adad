import { boundsOf, type Scene } from './mesh';
import type { PictureSize } from './tiles';
import { add, cross, dot, mix, scale, smoothStep, sub, unit, vec, type Vec } from './vec';

/** The photographer's studio: everything that makes the look of the picture, and nothing else. */

/** A light with a surface, so that its shadows have soft edges. */
export interface AreaLight {
  readonly centre: Vec;
  /** From the centre to the middle of two neighbouring edges. */
  readonly across: Vec;
  readonly along: Vec;
  readonly normal: Vec;
  /** Emitted light, times the area. */
  readonly power: Vec;
}

/** The optical properties of a surface. */
export interface Material {
  readonly colour: Vec;
  readonly lights: readonly AreaLight[];
  /** Height and sharpness of the highlight of its varnish. */
  readonly gloss: number;
  readonly sharpness: number;
}

/** A warm key from the upper left, and a rim from behind that draws the outline. */
const key = lamp({ from: vec(-1.9, 2.2, 1.3), size: 0.8, colour: vec(1, 0.8, 0.56), strength: 17 });
const rim = lamp({
  from: vec(1.7, 1.35, -1.5),
  size: 0.5,
  colour: vec(0.75, 0.88, 1),
  strength: 30,
});

export const subject: Material = {
  colour: vec(0.72, 0.27, 0.12),
  gloss: 0.3,
  sharpness: 60,
  lights: [key, rim],
};

/** The rim is kept off the floor, where its shadow would compete with the key's. */
export const floor: Material = {
  colour: vec(0.25, 0.31, 0.35),
  gloss: 0,
  sharpness: 1,
  lights: [key],
};

interface Lamp {
  readonly from: Vec;
  readonly size: number;
  readonly colour: Vec;
  readonly strength: number;
}

/** A square lamp that looks at the middle of the subject. */
function lamp({ from, size, colour, strength }: Lamp): AreaLight {
  const normal = unit(sub(vec(0, 0.4, 0), from));
  const across = unit(cross(normal, vec(0, 1, 0)));
  return {
    centre: from,
    across: scale(across, size / 2),
    along: scale(cross(across, normal), size / 2),
    normal,
    power: scale(colour, strength),
  };
}

/** Light of a ray that leaves the studio: a dim dome with a wide cool fill light on the right. */
export function domeLight(direction: Vec): Vec {
  const above = smoothStep(-0.4, 1, direction.y);
  const towardsFill = direction.x * 0.8 + direction.y * 0.33 + direction.z * 0.5;
  const fill = smoothStep(-0.3, 1, towardsFill);
  return add(scale(vec(0.18, 0.2, 0.23), 0.4 + 0.6 * above), scale(vec(0.14, 0.23, 0.38), fill));
}

/** The backdrop behind the subject, for a place on the picture (0…1, from the top left corner). */
export function backdrop(x: number, y: number): Vec {
  const pool = Math.sqrt(((x - 0.5) * 1.25) ** 2 + ((y - 0.5) * 1.05) ** 2);
  return mix(vec(0.2, 0.255, 0.285), vec(0.016, 0.024, 0.034), smoothStep(0, 0.78, pool));
}

/** Share of the backdrop at a place of the floor: the paper bends up, and no horizon shows. */
export function paperBend(place: Vec): number {
  return smoothStep(0.9, 2.6, Math.sqrt(place.x * place.x + place.z * place.z));
}

export interface Camera {
  readonly eye: Vec;
  /** The direction of the middle of the picture, and the steps to its right and lower edge. */
  readonly forward: Vec;
  readonly right: Vec;
  readonly down: Vec;
}

const FIELD_OF_VIEW = (26 * Math.PI) / 180;
const VIEW_FROM = unit(vec(-0.42, 0.27, 1));
/** Maximum share of the picture, in each direction, for the box around the subject. */
const FILL = 0.8;

/** Stands as near as the whole subject allows, whatever its shape and that of the picture. */
export function placeCamera(scene: Scene, { width, height }: PictureSize): Camera {
  const halfHeight = Math.tan(FIELD_OF_VIEW / 2);
  const halfWidth = (halfHeight * width) / height;
  const forward = scale(VIEW_FROM, -1);
  const right = unit(cross(forward, vec(0, 1, 0)));
  const down = cross(forward, right);

  const { low, high } = boundsOf(scene.positions);
  const middle = vec(0, (low[1] + high[1]) / 2, 0);
  const distances = cornersOf(low, high).map((corner) => {
    const arm = sub(corner, middle);
    const sideways = Math.abs(dot(arm, right)) / halfWidth;
    const upwards = Math.abs(dot(arm, down)) / halfHeight;
    return Math.max(sideways, upwards) / FILL - dot(arm, forward);
  });

  return {
    eye: add(middle, scale(VIEW_FROM, Math.max(...distances))),
    forward,
    right: scale(right, halfWidth),
    down: scale(down, halfHeight),
  };
}

function cornersOf(low: readonly number[], high: readonly number[]): readonly Vec[] {
  return Array.from({ length: 8 }, (_, i) => {
    const [x = 0, y = 0, z = 0] = [0, 1, 2].map((axis) => (i & (1 << axis) ? high : low)[axis]);
    return vec(x, y, z);
  });
}
