/** Renders the fields of a zod schema as the rows of a Markdown table. */

/** Fields that hold an object of a class, for which JSON Schema has no type. */
const instances = { pattern: 'regular expression', parameters: 'zod object' };

/** One row a field. Discriminators are left out: the heading of the table names them. */
export function fieldRows(z, schema, comments, { prefix = '', without = [], links = {} } = {}) {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const rows = Object.entries(json.properties ?? {})
    .filter(([name]) => !without.includes(name))
    .map(([name, field]) => {
      const isRequired = json.required?.includes(name) ?? false;
      const comment = comments.get(name) ?? '';
      const link = links[name] === undefined ? undefined : `[${links[name][0]}](${links[name][1]})`;
      const type = link ?? instances[name] ?? typeOf(field);
      return `| \`${prefix}${name}\` | ${type} | ${defaultOf(name, field, isRequired)} | ${boundsOf(field)} | ${cell(comment)} |`;
    });
  return [
    '| field | type | default | bounds | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ];
}

function typeOf(field) {
  if (field.const !== undefined) return `\`'${field.const}'\``;
  if (field.enum !== undefined) return field.enum.map((one) => `\`'${one}'\``).join(', ');
  const alternatives = field.anyOf ?? field.oneOf;
  if (alternatives !== undefined) return [...new Set(alternatives.map(typeOf))].join(', or ');
  switch (field.type) {
    case 'array':
      return `list of ${typeOf(field.items ?? {})}`;
    case 'integer':
      return 'integer';
    case 'object':
      return objectType(field);
    case undefined:
      return 'see meaning';
    default:
      return field.type;
  }
}

function objectType({ properties, additionalProperties }) {
  if (properties !== undefined) return `\`{ ${Object.keys(properties).join(', ')} }\``;
  return additionalProperties === undefined ? 'object' : 'map of names to values';
}

function defaultOf(name, { default: value }, isRequired) {
  if (isRequired) return '**required**';
  if (value === undefined) return '–';
  return typeof value === 'string'
    ? `\`'${value}'\``
    : `\`${name in instances ? '{}' : JSON.stringify(value)}\``;
}

function boundsOf(field) {
  const [low, high] = [safe(field.minimum), safe(field.maximum)];
  if (field.exclusiveMinimum !== undefined && safe(field.exclusiveMinimum) !== undefined)
    return `above ${field.exclusiveMinimum}`;
  if (low !== undefined && high !== undefined) return `${number(low)} to ${number(high)}`;
  if (low !== undefined) return `at least ${number(low)}`;
  if (high !== undefined) return `at most ${number(high)}`;
  if (field.maxItems !== undefined) return `at most ${number(field.maxItems)} entries`;
  if (field.maxLength !== undefined) return `at most ${number(field.maxLength)} characters`;
  return '';
}

/** Integers carry the bounds of a double, which say nothing to a reader. */
function safe(bound) {
  return bound === undefined || Math.abs(bound) >= Number.MAX_SAFE_INTEGER ? undefined : bound;
}

function number(value) {
  return value.toLocaleString('en-US');
}

/** Text that may stand in a cell of a Markdown table. */
export function cell(text) {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll('<', '&lt;')))
    .join('`')
    .replaceAll('|', '\\|');
}
