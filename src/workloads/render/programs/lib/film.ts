import { buildBvh } from './bvh';
import { lightFrom, type Stage } from './light';
import type { Scene } from './mesh';
import { PixelSamples } from './samples';
import { placeCamera, type Camera } from './studio';
import type { PictureSize, Tile, TileArea } from './tiles';
import { add, BLACK, scale, unit, type Vec } from './vec';

/** Renders one tile of the picture of `scene`, with this many samples for each pixel. */
export function renderTile(
  scene: Scene,
  size: PictureSize,
  area: TileArea,
  samplesPerPixel: number,
): Tile {
  const stage = { scene, bvh: buildBvh(scene) };
  const camera = placeCamera(scene, size);
  const rgb = new Uint8Array(area.width * area.height * 3);

  for (let i = 0; i < area.width * area.height; i++) {
    const x = area.x + (i % area.width);
    const y = area.y + Math.floor(i / area.width);
    const light = exposePixel(stage, camera, size, [x, y], samplesPerPixel);
    rgb[i * 3] = develop(light.x);
    rgb[i * 3 + 1] = develop(light.y);
    rgb[i * 3 + 2] = develop(light.z);
  }
  return { ...area, rgb };
}

function exposePixel(
  stage: Stage,
  camera: Camera,
  size: PictureSize,
  [x, y]: readonly [number, number],
  samplesPerPixel: number,
): Vec {
  const samples = new PixelSamples(x, y);
  let sum = BLACK;
  for (let sample = 0; sample < samplesPerPixel; sample++) {
    samples.begin(sample);
    const [dx, dy] = samples.next();
    const place = [(x + dx) / size.width, (y + dy) / size.height] as const;
    sum = add(sum, lightFrom(stage, camera.eye, through(camera, place), place, samples));
  }
  return scale(sum, 1 / samplesPerPixel);
}

/** The direction from the eye through a place on the picture. */
function through({ forward, right, down }: Camera, [x, y]: readonly [number, number]): Vec {
  return unit(add(forward, add(scale(right, 2 * x - 1), scale(down, 2 * y - 1))));
}

/**
 * Linear light into a byte: Narkowicz's curve, which keeps highlights from burning out, then the
 * sRGB transfer function.
 */
export function develop(light: number): number {
  const curved = (light * (2.51 * light + 0.03)) / (light * (2.43 * light + 0.59) + 0.14);
  const bounded = Math.min(1, Math.max(0, curved));
  const encoded = bounded <= 0.0031308 ? bounded * 12.92 : 1.055 * bounded ** (1 / 2.4) - 0.055;
  return Math.round(encoded * 255);
}
