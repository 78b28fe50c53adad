import { expect, test } from 'vitest';
import { buildBvh, Hit, intersect } from '../../../src/workloads/render/programs/lib/bvh';
import { develop, renderTile } from '../../../src/workloads/render/programs/lib/film';
import { lightFrom } from '../../../src/workloads/render/programs/lib/light';
import { standOnGround, type Scene } from '../../../src/workloads/render/programs/lib/mesh';
import { readMesh } from '../../../src/workloads/render/programs/lib/read-mesh';
import { aroundNormal, PixelSamples } from '../../../src/workloads/render/programs/lib/samples';
import { planTiles } from '../../../src/workloads/render/programs/lib/tiles';
import {
  dot,
  length,
  sub,
  unit,
  vec,
  type Vec,
} from '../../../src/workloads/render/programs/lib/vec';
import { bunnyPly } from '../../../local/cli/samples';
import { pyramidPly } from './meshes';

const pyramid = standOnGround(readMesh(Buffer.from(pyramidPly)));
const bunny = standOnGround(readMesh(Buffer.from(bunnyPly())));

/** The nearest triangle by asking all of them: slow, and without a tree to get wrong. */
function nearestOfAll(scene: Scene, origin: Vec, direction: Vec): number {
  let nearest = Infinity;
  for (let i = 0; i < scene.indices.length; i += 3) {
    const [a, b, c] = [0, 1, 2].map((corner) => {
      const at = (scene.indices[i + corner] ?? 0) * 3;
      const [x = 0, y = 0, z = 0] = scene.positions.subarray(at, at + 3);
      return vec(x, y, z);
    }) as [Vec, Vec, Vec];
    // Cramer's rule on origin + t direction = a + u (b − a) + v (c − a).
    const [p, q, r, s] = [
      sub(b, a),
      sub(c, a),
      vec(-direction.x, -direction.y, -direction.z),
      sub(origin, a),
    ];
    const all = determinant(p, q, r);
    const [u, v, t] = [
      determinant(s, q, r) / all,
      determinant(p, s, r) / all,
      determinant(p, q, s) / all,
    ];
    if (u >= 0 && v >= 0 && u + v <= 1 && t > 1e-6 && t < nearest) nearest = t;
  }
  return nearest;
}

const determinant = (a: Vec, b: Vec, c: Vec): number =>
  a.x * (b.y * c.z - c.y * b.z) - b.x * (a.y * c.z - c.y * a.z) + c.x * (a.y * b.z - b.y * a.z);

test('a ray through the tree meets what a ray through all triangles meets', () => {
  const bvh = buildBvh(bunny);
  const samples = new PixelSamples(1, 2);
  const hit = new Hit();
  const found: number[] = [];
  const expected: number[] = [];

  for (let i = 0; i < 300; i++) {
    samples.begin(i);
    const [a, b] = samples.next();
    const [c, d] = samples.next();
    const origin = vec(3 * a - 1.5, 2 * b, 1.5 - 3 * c);
    const direction = unit(sub(vec(d - 0.5, c, a - 0.5), origin));
    const met = intersect(bvh, origin, direction, Infinity, hit, false);
    found.push(met ? hit.distance : Infinity);
    expected.push(nearestOfAll(bunny, origin, direction));
    expect(intersect(bvh, origin, direction, Infinity, hit, true)).toBe(met);
  }

  expect(expected.filter((distance) => distance < Infinity).length).toBeGreaterThan(50);
  found.forEach((distance, i) => expect(distance).toBeCloseTo(expected[i] ?? 0, 6));
});

test('a thousand triangles in one place still make a tree', () => {
  const stack = {
    positions: new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0]),
    normals: new Float32Array([0, 0, 1, 0, 0, 1, 0, 0, 1]),
    indices: Uint32Array.from({ length: 3000 }, (_, i) => i % 3),
  };
  const hit = new Hit();

  const met = intersect(buildBvh(stack), vec(0.2, 0.2, 5), vec(0, 0, -1), Infinity, hit, false);

  expect({ met, distance: hit.distance }).toEqual({ met: true, distance: 5 });
});

test('a picture is the same in one tile and in many, and run after run', () => {
  const size = { width: 40, height: 30 };
  const whole = renderTile(pyramid, size, { x: 0, y: 0, ...size }, 2).rgb;

  const rebuilt = new Uint8Array(whole.length);
  for (const tile of planTiles(size, 16)) {
    const { rgb } = renderTile(pyramid, size, tile, 2);
    for (let row = 0; row < tile.height; row++) {
      const line = rgb.subarray(row * tile.width * 3, (row + 1) * tile.width * 3);
      rebuilt.set(line, ((tile.y + row) * size.width + tile.x) * 3);
    }
  }

  expect(Buffer.from(rebuilt).equals(whole)).toBe(true);
});

test('the subject is warm, its shadow dark, the backdrop cool and darker at the corners', () => {
  const size = { width: 60, height: 45 };
  const { rgb } = renderTile(bunny, size, { x: 0, y: 0, ...size }, 4);
  const colour = (x: number, y: number) => {
    const [red = 0, green = 0, blue = 0] = rgb.subarray((y * size.width + x) * 3);
    return { red, blue, brightness: red + green + blue };
  };
  const body = colour(28, 28);
  const shadow = colour(44, 31);
  const lit = colour(4, 40);
  const middle = colour(35, 14);
  const corner = colour(0, 0);

  expect(body.red).toBeGreaterThan(body.blue * 1.5);
  expect(shadow.brightness).toBeLessThan(lit.brightness * 0.8);
  expect(middle.blue).toBeGreaterThan(middle.red);
  expect(corner.brightness).toBeLessThan(middle.brightness * 0.6);
});

test('a roof keeps the light off the floor below it', () => {
  const roofAt = (x: number): Scene => ({
    positions: new Float32Array([x - 9, 0.5, -9, x + 9, 0.5, -9, x, 0.5, 9]),
    normals: new Float32Array([0, 1, 0, 0, 1, 0, 0, 1, 0]),
    indices: new Uint32Array([0, 1, 2]),
  });
  const brightness = (scene: Scene) => {
    const samples = new PixelSamples(1, 1);
    const stage = { scene, bvh: buildBvh(scene) };
    let sum = 0;
    for (let i = 0; i < 16; i++) {
      samples.begin(i);
      sum += lightFrom(stage, vec(0, 0.2, 0), vec(0, -1, 0), [0.5, 0.5], samples).y;
    }
    return sum;
  };

  expect(brightness(roofAt(0))).toBeLessThan(brightness(roofAt(100)) * 0.25);
});

test('pixels next to each other are sampled differently', () => {
  const firstPoints = [0, 1, 2, 3].flatMap((x) =>
    [0, 1, 2, 3].map((y) => {
      const samples = new PixelSamples(x, y);
      samples.begin(0);
      return samples.next().join(' ');
    }),
  );

  expect(new Set(firstPoints).size).toBe(16);
});

test('light becomes a byte that grows with it and ends at white', () => {
  const bytes = [0, 0.01, 0.18, 0.5, 1, 4, 100].map(develop);

  expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
  expect([develop(0), develop(1000)]).toEqual([0, 255]);
});

test('directions around a normal are one long, above the surface, and by cosine', () => {
  for (const normal of [vec(0, 1, 0), vec(0, 0, -1), unit(vec(1, -2, 3))]) {
    const samples = new PixelSamples(3, 4);
    let sum = 0;
    for (let i = 0; i < 1000; i++) {
      samples.begin(i);
      const direction = aroundNormal(normal, samples.next());
      expect(length(direction)).toBeCloseTo(1, 9);
      expect(dot(direction, normal)).toBeGreaterThanOrEqual(-1e-12);
      sum += dot(direction, normal);
    }
    // The mean cosine of a cosine distribution is two thirds.
    expect(sum / 1000).toBeCloseTo(2 / 3, 2);
  }
});
