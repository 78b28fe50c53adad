import { InputError, quoted } from '../../../shared/lib/program';
import { decimal, linesOf, splitWords } from './lines';
import { MeshDraft, MOST_VERTICES, type Mesh } from './mesh';

/** Keywords that a line of an OBJ file may start with. Only v, vn and f are used here. */
const KEYWORDS = new Set(
  'v vn vt vp f l p o g s mtllib usemtl cstype deg curv curv2 surf parm trim hole scrv sp end con'.split(
    ' ',
  ),
);

/** True when the first line with content starts with a keyword of OBJ files. */
export function looksLikeObj(text: string): boolean {
  for (const line of linesOf(text.slice(0, 4096))) {
    if (line.text === '' || line.text.startsWith('#')) continue;
    return KEYWORDS.has(splitWords(line.text)[0] ?? '');
  }
  return false;
}

/** Reads a mesh in the Wavefront OBJ format: its vertices, normals and faces. */
export function readObj(text: string): Mesh {
  const withNormals = everyFaceHasNormals(text);
  const source: Source = { positions: [], normals: [] };
  const draft = new MeshDraft();
  const known = new Map<number, number>();

  for (const line of linesOf(text)) {
    const [keyword, ...words] = splitWords(line.text);
    const where = () => `line ${line.number}`;
    if (keyword === undefined || keyword.startsWith('#')) continue;
    if (!KEYWORDS.has(keyword))
      throw new InputError(`${where()}: ${quoted(keyword)} is no keyword of an OBJ file.`);

    if (keyword === 'v') addPoint(source.positions, words, where);
    if (keyword === 'vn' && withNormals) addPoint(source.normals, words, where);
    if (keyword === 'f') {
      const corners = words.map((word) => {
        const corner = readCorner(word, source, withNormals, where);
        return vertexFor(corner, source, draft, known, where);
      });
      draft.addPolygon(corners, where);
    }
  }
  return draft.finish();
}

/** Normals count only when every face has them: with some of them a surface would show seams. */
function everyFaceHasNormals(text: string): boolean {
  for (const line of linesOf(text)) {
    const [keyword, ...words] = splitWords(line.text);
    if (keyword === 'f' && !words.every((word) => /^[^/]*\/[^/]*\/./.test(word))) return false;
  }
  return true;
}

type Point = readonly [number, number, number];

interface Source {
  readonly positions: Point[];
  readonly normals: Point[];
}

/** One corner of a face: which position, and which normal if it names one. */
interface Corner {
  readonly position: number;
  readonly normal: number | undefined;
}

function addPoint(points: Point[], words: readonly string[], where: () => string): void {
  const [x, y, z] = [decimal(words[0]), decimal(words[1]), decimal(words[2])];
  if (!Number.isFinite(x) || !Number.isFinite(y) || !Number.isFinite(z))
    throw new InputError(
      `${where()}: expected three finite numbers, found ${quoted(words.join(' '))}.`,
    );
  if (points.length >= MOST_VERTICES)
    throw new InputError(`${where()}: more than ${MOST_VERTICES} vertices; simplify the mesh.`);
  points.push([x, y, z]);
}

/** corner = position | position "/" texture | position "/" [texture] "/" normal */
function readCorner(
  word: string,
  source: Source,
  withNormals: boolean,
  where: () => string,
): Corner {
  const [position = '', , normal = ''] = word.split('/');
  return {
    position: readIndex(position, source.positions.length, 'vertex', where),
    normal: withNormals ? readIndex(normal, source.normals.length, 'normal', where) : undefined,
  };
}

/** OBJ counts from one, and negative numbers count back from the latest. */
function readIndex(word: string, count: number, what: string, where: () => string): number {
  const written = /^-?\d{1,9}$/.test(word) ? Number(word) : Number.NaN;
  const index = written < 0 ? count + written : written - 1;
  if (index >= 0 && index < count) return index;
  throw new InputError(
    `${where()}: a face names ${what} ${quoted(word)}, and ${count} stand above it.`,
  );
}

/** Returns the vertex of a corner: corners with the same position and normal share one. */
function vertexFor(
  { position, normal }: Corner,
  source: Source,
  draft: MeshDraft,
  known: Map<number, number>,
  where: () => string,
): number {
  const key = position * MOST_VERTICES + (normal ?? 0);
  const vertex = known.get(key);
  if (vertex !== undefined) return vertex;

  const added = draft.positions.length / 3;
  const [x = 0, y = 0, z = 0] = source.positions[position] ?? [];
  draft.addPosition(x, y, z, where);
  if (normal !== undefined) draft.normals.push(...(source.normals[normal] ?? []));
  known.set(key, added);
  return added;
}
