import { InputError, quoted, readStaged } from './program';

/** One input, as the app lists it in `inputs.json`. */
export interface Input {
  /** Path in the working directory, which the app chose. */
  readonly file: string;
  /** Name of its blob, which is untrusted. */
  readonly name: string;
  readonly size: number;
}

/** Reads the list of inputs from the working directory. */
export function readInputs(): readonly Input[] {
  const text = readStaged('inputs.json').toString('utf8');
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new InputError('inputs.json is no JSON.', { cause: error });
  }
  return checkInputs(list);
}

/** Input files lie in `inputs/` and have plain names: anything else did not come from the app. */
const FILE_PATTERN = /^inputs\/[A-Za-z0-9_-]+(\.[A-Za-z0-9]+)?$/;

/** Checks the list once; after this its type is true. */
export function checkInputs(list: unknown): readonly Input[] {
  if (!Array.isArray(list)) throw new InputError('inputs.json must hold a list.');

  return list.map((entry: unknown, index): Input => {
    const { file, name, size } = (entry ?? {}) as Record<string, unknown>;
    if (typeof file !== 'string' || !FILE_PATTERN.test(file))
      throw wrong(index, 'file', file, 'a plain name in inputs/');
    if (typeof name !== 'string') throw wrong(index, 'name', name, 'a text');
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
      throw wrong(index, 'size', size, 'a number of bytes');
    return { file, name, size };
  });
}

function wrong(index: number, field: string, value: unknown, expected: string): InputError {
  const found =
    typeof value === 'string' ? quoted(value) : (JSON.stringify(value)?.slice(0, 60) ?? 'missing');
  return new InputError(
    `inputs.json: "${field}" of entry ${index + 1} must be ${expected}, and is ${found}.`,
  );
}
