import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import picomatch from 'picomatch';

/**
 * The files that match an output-file pattern, as absolute paths in order of name.
 *
 *     *  any characters      **  any directories, also none      ?  one character
 *     [abc] [a-c]  one of these      [!abc]  one character except these
 *
 * Only `/` separates the steps of a pattern, and no other character is special: a literal star is
 * written `[*]`. A name that starts with a dot matches only where the pattern has the dot. Relative
 * patterns start in the working directory and may leave it (`../stdout.txt`).
 */
export async function matchFiles(
  pattern: string,
  options: { readonly cwd: string; readonly environment: Readonly<Record<string, string>> },
): Promise<string[]> {
  const expanded = expandVariables(pattern, options.environment);
  const root = path.parse(expanded).root;
  const steps = expanded.slice(root.length).split('/');
  // A pattern that ends in a slash names a directory, and directories are not uploaded.
  const last = steps.pop();
  if (last === undefined || last === '') return [];

  let folders = [path.resolve(options.cwd, root === '' ? '.' : root)];
  for (const step of steps.filter((name) => name !== '' && name !== '.')) {
    folders = unique((await Promise.all(folders.map((folder) => enter(folder, step)))).flat());
  }
  if (last === '**') folders = unique((await Promise.all(folders.map(allBelow))).flat());
  const found = await Promise.all(folders.map((folder) => filesIn(folder, last)));
  return unique(found.flat()).sort();
}

/**
 * Unconfirmed: the service's treatment of a variable that is not set. Assumed here: its name stays
 * as written, so that the pattern matches nothing; an empty string could turn `$UNSET/*` into the
 * root directory.
 */
function expandVariables(pattern: string, environment: Readonly<Record<string, string>>): string {
  return pattern.replace(
    /\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g,
    (written, braced: string | undefined, bare: string | undefined) =>
      environment[braced ?? bare ?? ''] ?? written,
  );
}

/** The folders that match one step of a pattern. */
async function enter(folder: string, step: string): Promise<string[]> {
  if (step === '..') return [path.dirname(folder)];
  if (step === '**') return allBelow(folder);
  const names = hasWildcard(step) ? await namesLike(folder, step) : [step];
  return namedThat(folder, names, 'isDirectory');
}

async function filesIn(folder: string, step: string): Promise<string[]> {
  const names = hasWildcard(step) ? await namesLike(folder, step) : [step];
  return namedThat(folder, names, 'isFile');
}

/**
 * The folder and all folders below it. A link to a directory is not followed: it may lead into a
 * loop.
 */
async function allBelow(folder: string): Promise<string[]> {
  const entries = await list(folder);
  const inner = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const below = await Promise.all(inner.map((entry) => allBelow(path.join(folder, entry.name))));
  return [folder, ...below.flat()];
}

async function namesLike(folder: string, step: string): Promise<string[]> {
  const matches = nameMatcher(step);
  return (await list(folder)).map((entry) => entry.name).filter(matches);
}

/** The names that exist and are of the requested kind, links followed. */
async function namedThat(
  folder: string,
  names: readonly string[],
  kind: 'isFile' | 'isDirectory',
): Promise<string[]> {
  const paths = names.map((name) => path.join(folder, name));
  const stats = await Promise.all(paths.map((at) => absentAs(stat(at), undefined)));
  return paths.filter((_, index) => stats[index]?.[kind]() === true);
}

async function list(folder: string) {
  return absentAs(readdir(folder, { withFileTypes: true }), []);
}

/**
 * Errors of files that a task deleted, closed or never created: they do not match, and are not
 * errors.
 */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG']);

async function absentAs<T, Default>(answer: Promise<T>, instead: Default): Promise<T | Default> {
  try {
    return await answer;
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return instead;
    throw error;
  }
}

function hasWildcard(step: string): boolean {
  return /[*?[]/.test(step);
}

/** Matches the names of one folder against one step. */
function nameMatcher(step: string): (name: string) => boolean {
  // Not `picomatch(…)` itself: it accepts a name that equals the pattern, and `a[1]` is not `a1`.
  const shape = picomatch.makeRe(quoteForPicomatch(step), {
    dot: true,
    nobrace: true,
    noextglob: true,
    nonegate: true,
    noglobstar: true,
    literalBrackets: false,
  });
  const writesDot = step.startsWith('.');
  return (name) => (writesDot || !name.startsWith('.')) && shape.test(name);
}

/**
 * A step consists of brackets, wildcards and literals; picomatch has more special characters than
 * Batch.
 */
const PARTS_OF_A_STEP = /\[(!?)(\]?[^\]]*)\]|[*]+|[?]|[^*?]/gsu;

function quoteForPicomatch(step: string): string {
  return step.replace(
    PARTS_OF_A_STEP,
    (part, not: string | undefined, inner: string | undefined) => {
      if (inner !== undefined && inner !== '') return bracket(not === '!', inner);
      if (part.startsWith('*')) return '*';
      if (part === '?') return '?';
      return quote(part);
    },
  );
}

function bracket(negated: boolean, inner: string): string {
  return `[${negated ? '^' : ''}${inner.replace(/[\\\]^[]/g, '\\$&')}]`;
}

function quote(part: string): string {
  return part.replace(/[^\w]/gu, '\\$&');
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
