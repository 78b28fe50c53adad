/** A square pyramid: five corners, one face of four corners and four of three. */
export const pyramidPly = `ply
format ascii 1.0
comment a pyramid
element vertex 5
property float x
property float y
property float z
element face 5
property list uchar int vertex_indices
end_header
-1 0 -1
1 0 -1
1 0 1
-1 0 1
0 1 0
4 0 1 2 3
3 0 4 1
3 1 4 2
3 2 4 3
3 3 4 0
`;

/** The same with Windows line ends, old type names, and numbers in other spellings. */
export const pyramidObj = `# a pyramid
o pyramid
v -1 0 -1
v 1.0 0 -1
v 1 0 +1
v -1 0 1e0
v 0 1 0

f 1 2 3 4
f -5 -1 -4
f 2/1 5/1 3/1
f 3//1 5//1 4//1
f 4 5 1
`.replaceAll('\n', '\r\n');

export const pyramidTriangles = [
  [0, 1, 2],
  [0, 2, 3],
  [0, 4, 1],
  [1, 4, 2],
  [2, 4, 3],
  [3, 4, 0],
];

/** The pyramid in binary, with a property more than is needed and an element nobody knows. */
export function pyramidBinaryPly(): Buffer {
  const header = `ply
format binary_little_endian 1.0
element camera 1
property double zoom
property list uint8 int16 marks
element vertex 5
property float32 x
property float32 y
property float32 z
property uchar red
element face 5
property list uint8 uint16 vertex_index
end_header
`;
  const camera = Buffer.alloc(8 + 1 + 2 * 2);
  camera.writeDoubleLE(2.5, 0);
  camera.writeUInt8(2, 8);

  const corners = [
    [-1, 0, -1],
    [1, 0, -1],
    [1, 0, 1],
    [-1, 0, 1],
    [0, 1, 0],
  ];
  const vertices = corners.map(([x = 0, y = 0, z = 0], i) => {
    const row = Buffer.alloc(13);
    row.writeFloatLE(x, 0);
    row.writeFloatLE(y, 4);
    row.writeFloatLE(z, 8);
    row.writeUInt8(i * 50, 12);
    return row;
  });

  const polygons = [
    [0, 1, 2, 3],
    [0, 4, 1],
    [1, 4, 2],
    [2, 4, 3],
    [3, 4, 0],
  ];
  const faces = polygons.map((polygon) => {
    const row = Buffer.alloc(1 + polygon.length * 2);
    row.writeUInt8(polygon.length, 0);
    polygon.forEach((corner, i) => row.writeUInt16LE(corner, 1 + i * 2));
    return row;
  });
  return Buffer.concat([Buffer.from(header, 'latin1'), camera, ...vertices, ...faces]);
}

export function triangles(indices: Uint32Array): number[][] {
  return Array.from({ length: indices.length / 3 }, (_, i) => [
    ...indices.subarray(i * 3, i * 3 + 3),
  ]);
}
