import { expect, test } from 'vitest';
import { readMesh } from '../../../src/workloads/render/programs/lib/read-mesh';
import { pyramidBinaryPly, pyramidObj, pyramidPly, pyramidTriangles, triangles } from './meshes';

const positions = [-1, 0, -1, 1, 0, -1, 1, 0, 1, -1, 0, 1, 0, 1, 0];

test.each([
  ['ascii PLY', Buffer.from(pyramidPly)],
  ['ascii PLY with Windows line ends', Buffer.from(pyramidPly.replaceAll('\n', '\r\n'))],
  ['binary PLY', pyramidBinaryPly()],
])('a mesh in %s is read, and its polygons become triangles', (_, file) => {
  const mesh = readMesh(file);

  expect([...mesh.positions]).toEqual(positions);
  expect(triangles(mesh.indices)).toEqual(pyramidTriangles);
  expect(mesh.normals).toBeUndefined();
});

test('a mesh in OBJ is read: counted from one, from the end, with textures and normals aside', () => {
  const mesh = readMesh(Buffer.from(pyramidObj.replace('v 0 1 0', 'v 0 1 0\r\nvn 0 1 0')));

  // OBJ corners are numbered in the order the faces name them.
  const places = triangles(mesh.indices).map((triangle) =>
    triangle.map((corner) => [...mesh.positions.subarray(corner * 3, corner * 3 + 3)]),
  );
  const expected = pyramidTriangles.map((triangle) =>
    triangle.map((corner) => positions.slice(corner * 3, corner * 3 + 3)),
  );
  expect(places).toEqual(expected);
  expect(mesh.normals).toBeUndefined();
});

test('normals of an OBJ count when every face has them, and split the corners they differ at', () => {
  const mesh = readMesh(
    Buffer.from(
      'v 0 0 0\nv 1 0 0\nv 0 1 0\nvn 0 0 1\nvn 1 0 0\nf 1//1 2//1 3//1\nf 1//2 3//2 2//1\n',
    ),
  );

  expect([...mesh.positions]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]);
  expect([...(mesh.normals ?? [])]).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0]);
  expect(triangles(mesh.indices)).toEqual([
    [0, 1, 2],
    [3, 4, 1],
  ]);
});

test.each([
  ['char', 1, (row: Buffer, value: number) => row.writeInt8(value)],
  ['int8', 1, (row: Buffer, value: number) => row.writeInt8(value)],
  ['uint8', 1, (row: Buffer, value: number) => row.writeUInt8(Math.abs(value))],
  ['int16', 2, (row: Buffer, value: number) => row.writeInt16LE(value)],
  ['ushort', 2, (row: Buffer, value: number) => row.writeUInt16LE(Math.abs(value))],
  ['int', 4, (row: Buffer, value: number) => row.writeInt32LE(value)],
  ['uint32', 4, (row: Buffer, value: number) => row.writeUInt32LE(Math.abs(value))],
  ['float', 4, (row: Buffer, value: number) => row.writeFloatLE(value)],
  ['float64', 8, (row: Buffer, value: number) => row.writeDoubleLE(value)],
])('coordinates of type %s are read from binary', (type, size, write) => {
  const header = `ply\nformat binary_little_endian 1.0\nelement vertex 3\nproperty ${type} x\nproperty ${type} y\nproperty ${type} z\nelement face 1\nproperty list uchar uchar vertex_index\nend_header\n`;
  const signed = !type.startsWith('u');
  const coordinates = [1, 2, 3, 4, 5, 6, 7, 8, -100].map((value) =>
    signed ? value : Math.abs(value),
  );
  const rows = coordinates.map((value) => {
    const row = Buffer.alloc(size);
    write(row, value);
    return row;
  });

  const mesh = readMesh(Buffer.concat([Buffer.from(header), ...rows, Buffer.of(3, 0, 1, 2)]));

  expect([...mesh.positions]).toEqual(coordinates);
});

test('normals of a PLY are taken over', () => {
  const mesh = readMesh(
    Buffer.from(
      'ply\nformat ascii 1.0\nelement vertex 3\nproperty float nx\nproperty float ny\nproperty float nz\nproperty float x\nproperty float y\nproperty float z\nelement face 1\nproperty list uchar int vertex_index\nend_header\n0 0 1 0 0 0\n0 0 1 1 0 0\n0 0 1 0 1 0\n3 0 1 2\n',
    ),
  );

  expect([...(mesh.normals ?? [])]).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1]);
});

const plyHead = (lines: string) => `ply\nformat ascii 1.0\n${lines}\nend_header\n`;
const xyz = 'property float x\nproperty float y\nproperty float z';
const faces = (count: number) => `element face ${count}\nproperty list uchar int vertex_indices`;

test.each([
  ['', 'the file is empty.'],
  ['hello', 'the file is neither PLY nor OBJ; it begins with "hello".'],
  ['{"a":1}', 'the file is neither PLY nor OBJ; it begins with "{"a":1}".'],
  ['ply\n', 'the PLY header has no end_header line.'],
  [
    'ply\nformat binary_big_endian 1.0\nend_header\n',
    'line 2: the format "binary_big_endian 1.0" is not supported: save the mesh as ascii 1.0 or binary_little_endian 1.0.',
  ],
  ['ply\nelement vertex 3\nend_header\n', 'the header names no format.'],
  ['ply\nproperty float x\n', 'line 2: a property stands before the first element.'],
  ['ply\nvertex 3\n', 'line 2: "vertex" is no keyword of a PLY header.'],
  ['ply\nelement vertex -3\n', 'line 2: an element line needs a name and a count.'],
  ['ply\nelement vertex 3\nproperty int128 x\n', 'a property line needs known types and a name.'],
  ['ply\nelement vertex 3\nproperty toString x\n', 'a property line needs known types and a name.'],
  [plyHead(`element vertex 3\n${xyz}`), 'must declare the elements vertex and face.'],
  [
    plyHead(`element vertex 3\nproperty float x\n${faces(1)}`),
    'the vertices of the PLY file lack a property x, y or z.',
  ],
  [
    plyHead(`element vertex 3\n${xyz}\nelement face 1\nproperty int a`),
    'the faces of the PLY file lack the property vertex_indices.',
  ],
  [
    plyHead(`element vertex 999999999\n${xyz}\n${faces(1)}`),
    'the mesh has 999999999 vertices and 1 faces, and at most 1000000 and 2000000 are accepted: simplify it.',
  ],
  [
    plyHead(`element nothing 999999999\nelement vertex 3\n${xyz}\n${faces(1)}`),
    'the element "nothing" of the PLY header has no properties.',
  ],
  [
    `${plyHead(`element vertex 3\n${xyz}\n${faces(1)}`)}0 0 0\n1 0 0\n`,
    'the file ends after the last line, before all 3 rows of element "vertex": it was cut short.',
  ],
  [
    pyramidPly.replace('0 1 0', '0 nan 0'),
    'line 15: expected a number of element "vertex", found "nan".',
  ],
  [
    pyramidPly.replace('0 1 0', '0 1'),
    'line 15: expected a number of element "vertex", found the end of the line.',
  ],
  [pyramidPly.replace('0 1 0', '0 1e999 0'), 'line 15: a vertex needs three finite coordinates.'],
  [pyramidPly.replace('3 3 4 0', '3 3 4 5'), 'line 20: a face names vertex 5, and there are 5.'],
  [pyramidPly.replace('3 3 4 0', '3 3 4 -1'), 'line 20: a face names vertex -1, and there are 5.'],
  [pyramidPly.replace('3 3 4 0', '2 3 4'), 'line 20: a face needs at least 3 corners, found 2.'],
  [
    pyramidPly.replace('3 3 4 0', '3000000000 3'),
    'line 20: a list of 3000000000 numbers cannot be.',
  ],
  ['v 0 0 0\nv 1 0 0\nv 0 1 0\n', 'the mesh has no faces.'],
  ['v 0 0\nf 1 1 1', 'line 1: expected three finite numbers, found "0 0".'],
  ['v 0 0 0\nf 1 2 1\n', 'line 2: a face names vertex "2", and 1 stand above it.'],
  ['v 0 0 0\nf 0 1 1\n', 'line 2: a face names vertex "0", and 1 stand above it.'],
  ['v 0 0 0\nf -2 1 1\n', 'line 2: a face names vertex "-2", and 1 stand above it.'],
  ['v 0 0 0\nf 1//1 1//1 1//1\n', 'line 2: a face names normal "1", and 0 stand above it.'],
  ['v 0 0 0\n<script>\n', 'line 2: "<script>" is no keyword of an OBJ file.'],
])('what is no mesh is refused with the place and the reason: %j', (content, reason) => {
  expect(() => readMesh(Buffer.from(content))).toThrow(reason);
});

test('a binary PLY that was cut short is refused wherever the cut is', () => {
  const file = pyramidBinaryPly();
  const dataStart = file.indexOf('end_header\n') + 'end_header\n'.length;

  for (let length = dataStart; length < file.length; length++) {
    expect(() => readMesh(file.subarray(0, length))).toThrow(
      /^the file ends at byte \d+, before all|^byte \d+: a list of \d+ numbers cannot be\.$/,
    );
  }
});
