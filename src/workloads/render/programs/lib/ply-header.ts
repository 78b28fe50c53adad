import { InputError, quoted } from '../../../shared/lib/program';
import { linesOf, splitWords } from './lines';

/*
 * header   = "ply" format (comment | obj_info | element)* "end_header"
 * format   = "format" ("ascii" | "binary_little_endian") "1.0"
 * element  = "element" name count property*
 * property = "property" type name | "property" "list" type type name
 */

export interface PlyHeader {
  readonly format: PlyFormat;
  readonly elements: readonly PlyElement[];
  /** Start of the data: the byte, and the line for the ascii format. */
  readonly dataStart: number;
  readonly dataLine: number;
}

export type PlyFormat = 'ascii' | 'binary_little_endian';

export interface PlyElement {
  readonly name: string;
  readonly count: number;
  readonly properties: readonly PlyProperty[];
}

export interface PlyProperty {
  readonly name: string;
  readonly type: PlyType;
  /** The type of a list's length, for a list. */
  readonly lengthType: PlyType | undefined;
}

/** Each type of number: how many bytes it has and how it is read. */
export const plyTypes = {
  int8: { size: 1, read: (view: DataView, at: number) => view.getInt8(at) },
  uint8: { size: 1, read: (view: DataView, at: number) => view.getUint8(at) },
  int16: { size: 2, read: (view: DataView, at: number) => view.getInt16(at, true) },
  uint16: { size: 2, read: (view: DataView, at: number) => view.getUint16(at, true) },
  int32: { size: 4, read: (view: DataView, at: number) => view.getInt32(at, true) },
  uint32: { size: 4, read: (view: DataView, at: number) => view.getUint32(at, true) },
  float32: { size: 4, read: (view: DataView, at: number) => view.getFloat32(at, true) },
  float64: { size: 8, read: (view: DataView, at: number) => view.getFloat64(at, true) },
} as const;

export type PlyType = keyof typeof plyTypes;

/** The names that older files use. */
const oldTypeNames: Readonly<Record<string, PlyType>> = {
  char: 'int8',
  uchar: 'uint8',
  short: 'int16',
  ushort: 'uint16',
  int: 'int32',
  uint: 'uint32',
  float: 'float32',
  double: 'float64',
};

/** A header is text and short; beyond this the file is something else. */
const LONGEST_HEADER = 64 * 1024;

export function readPlyHeader(file: Buffer): PlyHeader {
  const text = file.toString('latin1', 0, Math.min(file.length, LONGEST_HEADER));
  const elements: { name: string; count: number; properties: PlyProperty[] }[] = [];
  let format: PlyFormat | undefined;

  for (const line of linesOf(text)) {
    const words = splitWords(line.text);
    const fail = (reason: string) => new InputError(`line ${line.number}: ${reason}`);
    switch (words[0]) {
      case 'format':
        format = readFormat(words, fail);
        break;
      case 'element':
        elements.push({ ...readElement(words, fail), properties: [] });
        break;
      case 'property':
        if (elements.length === 0) throw fail('a property stands before the first element.');
        elements.at(-1)?.properties.push(readProperty(words, fail));
        break;
      case 'end_header':
        if (format === undefined) throw fail('the header names no format.');
        return { format, elements, ...dataAfter(text, line.number) };
      case 'ply':
      case 'comment':
      case 'obj_info':
      case undefined:
        break;
      default:
        throw fail(`${quoted(words[0] ?? '')} is no keyword of a PLY header.`);
    }
  }
  throw new InputError('the PLY header has no end_header line.');
}

type Fail = (reason: string) => InputError;

function readFormat(words: readonly string[], fail: Fail): PlyFormat {
  const [, format, version] = words;
  if ((format === 'ascii' || format === 'binary_little_endian') && version === '1.0') return format;
  throw fail(
    `the format ${quoted(words.slice(1).join(' '))} is not supported: save the mesh as ascii 1.0 or binary_little_endian 1.0.`,
  );
}

function readElement(words: readonly string[], fail: Fail): { name: string; count: number } {
  const [, name = '', count = ''] = words;
  if (words.length !== 3 || !/^\d{1,9}$/.test(count))
    throw fail('an element line needs a name and a count.');
  return { name, count: Number(count) };
}

function readProperty(words: readonly string[], fail: Fail): PlyProperty {
  const isList = words[1] === 'list';
  const [typeName = '', name] = isList ? words.slice(3) : words.slice(1);
  const type = plyType(typeName);
  const lengthType = isList ? plyType(words[2] ?? '') : undefined;

  if (name === undefined || type === undefined || (isList && lengthType === undefined))
    throw fail('a property line needs known types and a name.');
  return { name, type, lengthType };
}

function plyType(name: string): PlyType | undefined {
  return Object.hasOwn(plyTypes, name)
    ? (name as PlyType)
    : Object.hasOwn(oldTypeNames, name)
      ? oldTypeNames[name]
      : undefined;
}

function dataAfter(text: string, headerLines: number): Pick<PlyHeader, 'dataStart' | 'dataLine'> {
  let dataStart = 0;
  for (let line = 0; line < headerLines; line++) {
    const end = text.indexOf('\n', dataStart);
    dataStart = end === -1 ? text.length : end + 1;
  }
  return { dataStart, dataLine: headerLines + 1 };
}
