import { z } from 'zod';
import { nearestName } from './nearest-name';

type Issue = z.core.$ZodRawIssue;
type IssueOf<Code extends z.core.$ZodIssue['code']> = z.core.$ZodRawIssue<
  Extract<z.core.$ZodIssue, { code: Code }>
>;

/**
 * The message of a validation error for which the schema has no message of its own: what the value
 * must be. It repeats names and choices, and never a text that could be a secret.
 */
export function issueMessage(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return isMissing(issue) ? 'is missing' : `must be ${typeName(issue)}`;
    case 'invalid_value':
      return choiceMessage(issue.values, issue);
    case 'too_small':
      return boundMessage(issue, 'least', issue.minimum);
    case 'too_big':
      return boundMessage(issue, 'most', issue.maximum);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return formatMessage(issue);
    case 'unrecognized_keys':
      return unknownFieldsMessage(issue);
    case 'invalid_union':
      return unionMessage(issue);
    case 'invalid_key':
      return 'has a name that is not allowed';
    case 'invalid_element':
      return 'has an entry that is not allowed';
    case 'custom':
      return 'is not valid';
  }
}

function isMissing({ input }: Issue): boolean {
  return input === undefined;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  date: 'a date',
  null: 'null',
};

function typeName({ expected, inst }: IssueOf<'invalid_type'>): string {
  if (expected === 'number' && inst instanceof z.ZodNumberFormat) return 'a whole number';
  return typeNames[expected] ?? `of type ${expected}`;
}

function choiceMessage(choices: readonly unknown[], issue: Issue): string {
  const names = choices.map((choice) => JSON.stringify(choice) ?? String(choice));
  const must = names.length === 1 ? `must be ${names[0]}` : `must be one of ${names.join(', ')}`;
  if (isMissing(issue)) return `is missing; it ${must}`;
  const { input } = issue;
  const isShort = typeof input === 'string' ? input.length <= 40 : typeof input === 'number';
  return isShort ? `${must}; it is ${JSON.stringify(input)}` : must;
}

/** `origin` is the type of the value, whose size or length is bounded. */
function boundMessage(
  { origin, inclusive, exact }: IssueOf<'too_small'> | IssueOf<'too_big'>,
  side: 'least' | 'most',
  bound: number | bigint,
): string {
  const unit = units[origin];
  if (unit !== undefined) {
    if (side === 'least' && Number(bound) === 1) return 'must not be empty';
    const amount = exact === true ? 'exactly' : `at ${side}`;
    return `must have ${amount} ${bound} ${Number(bound) === 1 ? unit.one : unit.many}`;
  }
  if (exact === true) return `must be ${bound}`;
  if (inclusive === false) return `must be ${side === 'least' ? 'more' : 'less'} than ${bound}`;
  return `must be at ${side} ${bound}`;
}

const units: Readonly<Record<string, { readonly one: string; readonly many: string }>> = {
  string: { one: 'character', many: 'characters' },
  array: { one: 'entry', many: 'entries' },
  set: { one: 'entry', many: 'entries' },
  map: { one: 'entry', many: 'entries' },
};

function formatMessage(issue: IssueOf<'invalid_format'>): string {
  const { format, pattern } = issue;
  switch (format) {
    case 'regex':
      return `must match ${pattern ?? 'its pattern'}`;
    case 'starts_with':
      return `must start with ${JSON.stringify(issue['prefix'])}`;
    case 'ends_with':
      return `must end with ${JSON.stringify(issue['suffix'])}`;
    case 'includes':
      return `must contain ${JSON.stringify(issue['includes'])}`;
    default:
      return `must be in the format ${format}`;
  }
}

/** The name that was probably meant by an unknown field of an object. */
export function suggestedField(issue: IssueOf<'unrecognized_keys'>, key: string): string | null {
  const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
  return nearestName(key, known);
}

function unknownFieldsMessage(issue: IssueOf<'unrecognized_keys'>): string {
  const fields = issue.keys.map((key) => {
    const suggested = suggestedField(issue, key);
    const name = `\`${key.slice(0, 60)}\``;
    return { name, hint: suggested === null ? '' : `did you mean \`${suggested}\`?` };
  });
  const [only] = fields;
  if (fields.length === 1 && only !== undefined) {
    return `unknown field ${only.name}${only.hint === '' ? '' : `; ${only.hint}`}`;
  }
  const list = fields.map(({ name, hint }) => (hint === '' ? name : `${name} (${hint})`));
  return `unknown fields ${list.join(', ')}`;
}

function unionMessage(issue: IssueOf<'invalid_union'>): string {
  // `options` are the values of the field that selects the branch, as in `work.kind`.
  const { options } = issue;
  if (Array.isArray(options)) {
    const value: unknown = (issue.input as Readonly<Record<string, unknown>>)[
      String(issue.discriminator)
    ];
    const choices = options.filter((option) => option !== undefined);
    return choiceMessage(choices, { ...issue, input: value });
  }
  if (isMissing(issue)) return 'is missing';
  const branches = issue.errors.map(([first]) => first?.message ?? '');
  const types = branches.map((message) => message.replace(/^must be /, ''));
  return types.length > 0 ? `must be ${types.join(', or ')}` : 'is not valid';
}
