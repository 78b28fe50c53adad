import { InputError, quoted } from '../../../shared/lib/program';
import { decimal, linesOf, splitWords } from './lines';
import { MeshDraft, MOST_TRIANGLES, MOST_VERTICES, type Mesh } from './mesh';
import {
  plyTypes,
  readPlyHeader,
  type PlyElement,
  type PlyHeader,
  type PlyProperty,
  type PlyType,
} from './ply-header';

/** Reads a mesh in the Stanford PLY format, ascii or binary_little_endian. */
export function readPly(file: Buffer): Mesh {
  const header = readPlyHeader(file);
  checkElements(header.elements);

  const rows = header.format === 'ascii' ? asciiRows(file, header) : binaryRows(file, header);
  const draft = new MeshDraft();
  for (const { element, property } of meshColumns(header.elements)) {
    for (let i = 0; i < element.count; i++) {
      const row = rows.next(element);
      if (element.name === 'vertex') addVertex(draft, property, row);
      if (element.name === 'face') addFace(draft, property, row, vertexCount(header.elements));
    }
  }
  return draft.finish();
}

/** The values of one vertex or face; a scalar is a list of one. */
interface Row {
  readonly values: readonly (readonly number[])[];
  readonly where: () => string;
}

/** Hands out the rows of the file, in order. */
interface Rows {
  next(element: PlyElement): Row;
}

function checkElements(elements: readonly PlyElement[]): void {
  const vertices = elements.find((element) => element.name === 'vertex');
  const faces = elements.find((element) => element.name === 'face');
  if (vertices === undefined || faces === undefined)
    throw new InputError('the PLY header must declare the elements vertex and face.');
  const empty = elements.find((element) => element.properties.length === 0);
  if (empty !== undefined)
    throw new InputError(`the element ${quoted(empty.name)} of the PLY header has no properties.`);
  if (vertices.count > MOST_VERTICES || faces.count > MOST_TRIANGLES)
    throw new InputError(
      `the mesh has ${vertices.count} vertices and ${faces.count} faces, and at most ${MOST_VERTICES} and ${MOST_TRIANGLES} are accepted: simplify it.`,
    );
}

const vertexCount = (elements: readonly PlyElement[]): number =>
  elements.find((element) => element.name === 'vertex')?.count ?? 0;

/** Indexes of the numbers that a mesh needs, in the rows of an element. */
type Places = Readonly<Record<string, number>>;

function meshColumns(
  elements: readonly PlyElement[],
): readonly { readonly element: PlyElement; readonly property: Places }[] {
  return elements.map((element) => {
    const property = Object.fromEntries(element.properties.map(({ name }, i) => [name, i]));
    const corners = property['vertex_indices'] ?? property['vertex_index'];
    if (element.name === 'vertex' && ['x', 'y', 'z'].some((name) => property[name] === undefined))
      throw new InputError('the vertices of the PLY file lack a property x, y or z.');
    if (element.name === 'face' && corners === undefined)
      throw new InputError('the faces of the PLY file lack the property vertex_indices.');
    return { element, property: { ...property, ...(corners !== undefined && { corners }) } };
  });
}

function addVertex(draft: MeshDraft, places: Places, { values, where }: Row): void {
  const scalar = (name: string) => values[places[name] ?? -1]?.[0] ?? Number.NaN;
  draft.addPosition(scalar('x'), scalar('y'), scalar('z'), where);
  if (['nx', 'ny', 'nz'].every((name) => places[name] !== undefined))
    draft.normals.push(scalar('nx'), scalar('ny'), scalar('nz'));
}

function addFace(draft: MeshDraft, places: Places, { values, where }: Row, vertices: number): void {
  const corners = values[places['corners'] ?? -1] ?? [];
  const stray = corners.find(
    (corner) => !Number.isInteger(corner) || corner < 0 || corner >= vertices,
  );
  if (stray !== undefined)
    throw new InputError(`${where()}: a face names vertex ${stray}, and there are ${vertices}.`);
  draft.addPolygon(corners, where);
}

/** One row a line; blank lines do not count. */
function asciiRows(file: Buffer, header: PlyHeader): Rows {
  const lines = linesOf(file.toString('latin1'), header.dataStart, header.dataLine);

  return {
    next(element) {
      for (;;) {
        const { value: line, done } = lines.next();
        if (done === true) throw ended(element, 'after the last line');
        if (line.text === '') continue;

        const where = () => `line ${line.number}`;
        return { values: asciiValues(splitWords(line.text), element, where), where };
      }
    },
  };
}

function asciiValues(
  words: readonly string[],
  element: PlyElement,
  where: () => string,
): readonly (readonly number[])[] {
  let next = 0;
  const number = () => {
    const word = words[next++];
    const value = decimal(word);
    if (Number.isNaN(value))
      throw new InputError(
        `${where()}: expected a number of element ${quoted(element.name)}, found ${word === undefined ? 'the end of the line' : quoted(word)}.`,
      );
    return value;
  };
  return element.properties.map(({ lengthType }) => {
    if (lengthType === undefined) return [number()];
    return Array.from({ length: listLength(number(), words.length, where) }, number);
  });
}

/** A list longer than what is left of the file is a lie; refused before it is allocated. */
function listLength(length: number, most: number, where: () => string): number {
  if (Number.isInteger(length) && length >= 0 && length <= most) return length;
  throw new InputError(`${where()}: a list of ${length} numbers cannot be.`);
}

function binaryRows(file: Buffer, header: PlyHeader): Rows {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = header.dataStart;

  const scalar = (type: PlyType, element: PlyElement) => {
    const { size, read } = plyTypes[type];
    if (at + size > file.length) throw ended(element, `at byte ${at}`);
    const value = read(view, at);
    at += size;
    return value;
  };
  const values = ({ type, lengthType }: PlyProperty, element: PlyElement) => {
    if (lengthType === undefined) return [scalar(type, element)];
    const start = at;
    const length = listLength(scalar(lengthType, element), file.length - at, () => `byte ${start}`);
    return Array.from({ length }, () => scalar(type, element));
  };

  return {
    next(element) {
      const start = at;
      return {
        values: element.properties.map((property) => values(property, element)),
        where: () => `byte ${start}`,
      };
    },
  };
}

function ended(element: PlyElement, where: string): InputError {
  return new InputError(
    `the file ends ${where}, before all ${element.count} rows of element ${quoted(element.name)}: it was cut short.`,
  );
}
