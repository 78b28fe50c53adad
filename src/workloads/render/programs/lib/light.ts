import { Hit, intersect, type Bvh } from './bvh';
import type { Scene } from './mesh';
import { aroundNormal, type PixelSamples } from './samples';
import {
  backdrop,
  domeLight,
  floor,
  paperBend,
  subject,
  type AreaLight,
  type Material,
} from './studio';
import { add, BLACK, cross, dot, length, mix, mul, scale, sub, unit, vec, type Vec } from './vec';

/** The surfaces that light can hit. */
export interface Stage {
  readonly scene: Scene;
  readonly bvh: Bvh;
}

/** The light that comes to `eye` from `direction`; x and y say where on the picture that is. */
export function lightFrom(
  stage: Stage,
  eye: Vec,
  direction: Vec,
  [x, y]: readonly [number, number],
  samples: PixelSamples,
): Vec {
  if (intersect(stage.bvh, eye, direction, Infinity, hit, false)) {
    const surface = surfaceAt(stage.scene, eye, direction, hit);
    return lightFromSurface(stage, surface, direction, samples);
  }

  const background = backdrop(x, y);
  if (direction.y >= 0) return background;

  const place = add(eye, scale(direction, -eye.y / direction.y));
  const bend = paperBend(place);
  if (bend >= 1) return background;
  const ground: Surface = { place, normal: vec(0, 1, 0), material: floor };
  return mix(lightFromSurface(stage, ground, direction, samples), background, bend);
}

/** A point that light falls on. */
interface Surface {
  readonly place: Vec;
  readonly normal: Vec;
  readonly material: Material;
}

/** Written by every ray, read at once. */
const hit = new Hit();

/** Distance above a surface at which a new ray starts, so that it does not hit it again. */
const LIFT = 1e-4;

function surfaceAt(scene: Scene, eye: Vec, direction: Vec, hit: Hit): Surface {
  const [a, b, c] = [0, 1, 2].map((corner) => cornerAt(scene, hit.triangle * 3 + corner)) as [
    Corner,
    Corner,
    Corner,
  ];
  const weighted = (p: Vec, q: Vec, r: Vec) =>
    add(add(scale(p, 1 - hit.u - hit.v), scale(q, hit.u)), scale(r, hit.v));

  // Surfaces have two sides, and the one that counts looks at the eye.
  const face = cross(sub(b.place, a.place), sub(c.place, a.place));
  const smooth = unit(weighted(a.normal, b.normal, c.normal));
  const side = dot(face, direction) > 0 ? -1 : 1;
  const normal = scale(smooth, dot(face, smooth) < 0 ? -side : side);

  // Large flat triangles would cast the edges of their own shadow on a surface that looks round.
  // So rays leave from where the round surface would be (Hanika, "Hacking the shadow terminator").
  const flat = add(eye, scale(direction, hit.distance));
  const lifted = [a, b, c].map(({ place, normal: up }) =>
    sub(flat, scale(up, side * Math.min(0, side * dot(sub(flat, place), up)))),
  ) as [Vec, Vec, Vec];
  return { place: add(weighted(...lifted), scale(normal, LIFT)), normal, material: subject };
}

interface Corner {
  readonly place: Vec;
  readonly normal: Vec;
}

function cornerAt({ positions, normals, indices }: Scene, corner: number): Corner {
  const i = (indices[corner] ?? 0) * 3;
  return {
    place: vec(positions[i] ?? 0, positions[i + 1] ?? 0, positions[i + 2] ?? 0),
    normal: vec(normals[i] ?? 0, normals[i + 1] ?? 0, normals[i + 2] ?? 0),
  };
}

function lightFromSurface(
  stage: Stage,
  surface: Surface,
  direction: Vec,
  samples: PixelSamples,
): Vec {
  let sum = mul(surface.material.colour, ambient(stage, surface, samples));
  for (const light of surface.material.lights) {
    sum = add(sum, lightFromLamp(stage, surface, direction, light, samples));
  }
  return sum;
}

/** Light from everywhere: one ray over the half-sphere, which meets the dome or another surface. */
function ambient(stage: Stage, { place, normal }: Surface, samples: PixelSamples): Vec {
  const direction = aroundNormal(normal, samples.next());
  if (intersect(stage.bvh, place, direction, Infinity, hit, true))
    return scale(subject.colour, BOUNCE);
  return direction.y < 0 ? scale(floor.colour, FLOOR_BOUNCE) : domeLight(direction);
}

/** Average light that the subject and the floor reflect to each other. */
const BOUNCE = 0.2;
const FLOOR_BOUNCE = 0.5;

function lightFromLamp(
  stage: Stage,
  { place, normal, material }: Surface,
  direction: Vec,
  light: AreaLight,
  samples: PixelSamples,
): Vec {
  const [u, v] = samples.next();
  const target = add(
    add(light.centre, scale(light.across, 2 * u - 1)),
    scale(light.along, 2 * v - 1),
  );
  const way = sub(target, place);
  const distance = length(way);
  const toLight = scale(way, 1 / distance);
  const facing = dot(normal, toLight);
  const emitted = -dot(light.normal, toLight);
  if (facing <= 0 || emitted <= 0) return BLACK;
  if (intersect(stage.bvh, place, toLight, distance, hit, true)) return BLACK;

  const arriving = scale(light.power, (facing * emitted) / (distance * distance * Math.PI));
  return mul(arriving, reflectance(material, normal, direction, toLight));
}

/** The share of light that a varnished matt surface sends back towards the eye (Blinn 1977). */
function reflectance(material: Material, normal: Vec, direction: Vec, toLight: Vec): Vec {
  if (material.gloss === 0) return material.colour;
  const halfway = unit(sub(toLight, direction));
  const highlight =
    material.gloss *
    (material.sharpness / 8) *
    Math.max(0, dot(normal, halfway)) ** material.sharpness;
  // Varnish mirrors more where it is seen at a grazing angle (Schlick 1994).
  const grazing = 0.25 + 0.75 * (1 - Math.max(0, -dot(normal, direction))) ** 5;
  return add(material.colour, scale(vec(1, 1, 1), highlight * grazing));
}
