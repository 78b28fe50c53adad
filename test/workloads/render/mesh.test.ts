import { expect, test } from 'vitest';
import { standOnGround } from '../../../src/workloads/render/programs/lib/mesh';
import { decodeScene, encodeScene } from '../../../src/workloads/render/programs/lib/scene-file';

const triangle = {
  positions: new Float32Array([10, 5, -2, 14, 5, -2, 10, 7, -2]),
  normals: undefined,
  indices: new Uint32Array([0, 1, 2]),
};

test('a mesh is put on the ground, in the middle, one unit large, with smooth normals', () => {
  const scene = standOnGround(triangle);

  expect([...scene.positions]).toEqual([-0.5, 0, 0, 0.5, 0, 0, -0.5, 0.5, 0]);
  expect([...scene.normals]).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1]);
  expect([...scene.indices]).toEqual([0, 1, 2]);
});

test('normals of any length, and those that are none, come out one long', () => {
  const scene = standOnGround({
    ...triangle,
    normals: new Float32Array([0, 0, 9, 0, 0, 0, Number.NaN, 1, 0]),
  });

  expect([...scene.normals]).toEqual([0, 0, 1, 0, 1, 0, 0, 1, 0]);
});

test('the normal at a shared corner lies between those of its faces', () => {
  const roof = {
    positions: new Float32Array([0, 1, 0, 0, 1, 1, -1, 0, 0, 1, 0, 0]),
    normals: undefined,
    indices: new Uint32Array([0, 2, 1, 0, 1, 3]),
  };

  const { normals } = standOnGround(roof);

  expect([...normals.subarray(0, 3)]).toEqual([0, 1, 0]);
  const half = Math.fround(Math.SQRT1_2);
  expect([...normals.subarray(9, 12)]).toEqual([half, half, 0]);
});

test.each([
  [new Float32Array(9), 'the mesh is a single point.'],
  [
    new Float32Array([0, 0, 0, 1e39, 0, 0, 0, 1, 0]),
    'the mesh is too large for 32-bit coordinates.',
  ],
])('a mesh without a finite size is refused', (positions, reason) => {
  expect(() => standOnGround({ ...triangle, positions })).toThrow(reason);
});

test('a scene survives its file', () => {
  const scene = standOnGround(triangle);

  expect(decodeScene(encodeScene(scene))).toEqual(scene);
});

test('a scene file that is not whole is refused', () => {
  const file = encodeScene(standOnGround(triangle));
  const changed = (at: number, value: number) => {
    const copy = Buffer.from(file);
    copy.writeUInt32LE(value, at);
    return copy;
  };

  expect(() => decodeScene(Buffer.from('{}'))).toThrow('scene.bin is not a scene');
  expect(() => decodeScene(changed(4, 2))).toThrow('scene.bin has version 2');
  expect(() => decodeScene(changed(8, 0xffffffff))).toThrow('it was cut short');
  expect(() => decodeScene(file.subarray(0, -1))).toThrow('it was cut short');
  expect(() => decodeScene(changed(file.length - 4, 3))).toThrow(
    'names a vertex that is not there',
  );
});
