/**
 * Route templates as in ASP.NET, as far as functions use them:
 *
 *     template = segment { "/" segment }
 *     segment  = text | [ text ] parameter [ text ] …
 *     parameter = "{" [ "*" | "**" ] name { ":" constraint } [ "=" default | "?" ] "}"
 *
 * Matching does not mind case.
 */
export interface Route {
  /** The values of the parameters, decoded, or undefined if the path does not match. */
  match(path: string): Readonly<Record<string, string>> | undefined;
}

export function parseRoute(template: string): Route {
  const segments = split(template).map(parseSegment);
  const names = segments.flatMap(({ parameters }) => parameters);
  const pattern = new RegExp(`^${segments.map(({ source }) => source).join('')}/?$`, 'i');

  return {
    match(path) {
      const found = pattern.exec(path);
      if (found === null) return undefined;
      const values: Record<string, string> = {};
      for (const [i, parameter] of names.entries()) {
        const text = found[i + 1] ?? parameter.default;
        if (text === undefined || (text === '' && parameter.isCatchAll)) continue;
        const value = decodeSegments(text);
        if (!parameter.constraints.every((fits) => fits(value))) return undefined;
        values[parameter.name] = value;
      }
      return values;
    },
  };
}

interface Parameter {
  readonly name: string;
  readonly isCatchAll: boolean;
  readonly isOptional: boolean;
  readonly default: string | undefined;
  readonly constraints: readonly ((value: string) => boolean)[];
}

interface Segment {
  readonly source: string;
  readonly parameters: readonly Parameter[];
}

/** Slashes inside braces belong to a constraint's pattern. */
function split(template: string): string[] {
  const trimmed = template.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? [] : (trimmed.match(/(?:\{(?:\{\{|\}\}|[^}])*\}|[^/])+/g) ?? []);
}

function parseSegment(text: string): Segment {
  const parts = text.split(/(\{(?:\{\{|\}\}|[^}])*\})/).filter((part) => part !== '');
  const parameters: Parameter[] = [];
  let source = '';
  for (const part of parts) {
    if (!part.startsWith('{')) source += escape(part);
    else {
      const parameter = parseParameter(part.slice(1, -1));
      parameters.push(parameter);
      source += parameter.isCatchAll ? '(.*)' : parts.length === 1 ? '([^/]+)' : '([^/]+?)';
    }
  }
  const [only] = parameters;
  const isWhole = parts.length === 1 && only !== undefined;
  const mayMiss = isWhole && (only.isOptional || only.default !== undefined || only.isCatchAll);
  return {
    source: mayMiss ? `(?:/${source})?` : `/${source}`,
    parameters,
  };
}

function parseParameter(text: string): Parameter {
  const [, stars = '', body = '', fallback] = /^(\*{0,2})(.*?)(?:=([^=]*))?$/s.exec(text) ?? [];
  const isOptional = body.endsWith('?');
  const [name = '', ...constraints] = splitConstraints(isOptional ? body.slice(0, -1) : body);
  if (!/^\w+$/.test(name)) throw new Error(`'{${text}}' is not a route parameter.`);
  return {
    name,
    isCatchAll: stars !== '',
    isOptional,
    default: fallback,
    constraints: constraints.map(parseConstraint),
  };
}

/** Colons separate constraints, but not inside the parentheses of one. */
function splitConstraints(text: string): string[] {
  return text.match(/(?:[^:(]|\((?:[^()]|\([^()]*\))*\))+/g) ?? [];
}

const CONSTRAINTS: Readonly<Record<string, (argument: string) => (value: string) => boolean>> = {
  int: () => (value) => /^-?\d+$/.test(value) && Math.abs(Number(value)) < 2 ** 31,
  long: () => (value) => /^-?\d+$/.test(value),
  bool: () => (value) => /^(true|false)$/i.test(value),
  guid: () => (value) => /^\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i.test(value),
  alpha: () => (value) => /^[a-z]*$/i.test(value),
  decimal: () => isNumber,
  double: () => isNumber,
  float: () => isNumber,
  datetime: () => (value) => !Number.isNaN(Date.parse(value)),
  required: () => (value) => value !== '',
  length: (argument) => (value) => {
    const [from = 0, to = from] = argument.split(',').map(Number);
    return value.length >= from && value.length <= to;
  },
  minlength: (argument) => (value) => value.length >= Number(argument),
  maxlength: (argument) => (value) => value.length <= Number(argument),
  min: (argument) => (value) => Number(value) >= Number(argument),
  max: (argument) => (value) => Number(value) <= Number(argument),
  range: (argument) => (value) => {
    const [from = 0, to = 0] = argument.split(',').map(Number);
    return Number(value) >= from && Number(value) <= to;
  },
  regex: (argument) => {
    const pattern = new RegExp(argument.replaceAll('{{', '{').replaceAll('}}', '}'), 'i');
    return (value) => pattern.test(value);
  },
};

function isNumber(value: string): boolean {
  return value.trim() !== '' && Number.isFinite(Number(value));
}

function parseConstraint(text: string): (value: string) => boolean {
  const [, name = '', argument = ''] = /^(\w+)(?:\((.*)\))?$/s.exec(text) ?? [];
  const make = Object.hasOwn(CONSTRAINTS, name) ? CONSTRAINTS[name] : undefined;
  if (make === undefined) throw new Error(`The route constraint '${text}' does not exist.`);
  return make(argument);
}

/**
 * As in Kestrel: a slash that was encoded as %2F stays encoded, because it separates no segments.
 */
function decodeSegments(text: string): string {
  return text
    .split(/(%2f)/i)
    .map((part) => (/^%2f$/i.test(part) ? part : decode(part)))
    .join('');
}

/** Returns the text unchanged if it cannot be decoded. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
