import { durationMs, parseTime, wireDuration, wireTime } from './time';
import { Refusal, invalidBody, invalidProperty, missingProperty } from './refusals';

/**
 * The type of a request body. A shape validates an unknown value once and returns a clean copy:
 * known properties only, enumerated values in their canonical spelling. It refuses invalid values
 * with the service's codes.
 */
export interface Shape<T> {
  read(value: unknown, name: string): T;
}

/** The type that a shape returns. */
export type TypeOf<S> = S extends Shape<infer T> ? T : never;

interface OptionalShape<T> extends Shape<T> {
  readonly optional: true;
}

type Fields = Readonly<Record<string, Shape<unknown>>>;

type OptionalNames<F> = {
  [K in keyof F]: F[K] extends OptionalShape<unknown> ? K : never;
}[keyof F];

type ReadFields<F> = { readonly [K in Exclude<keyof F, OptionalNames<F>>]: TypeOf<F[K]> } & {
  readonly [K in OptionalNames<F>]?: TypeOf<F[K]>;
};

export function object<F extends Fields>(fields: F): Shape<ReadFields<F>> {
  const shapes = new Map(Object.entries(fields));
  const required = Object.keys(fields).filter((name) => !('optional' in (fields[name] ?? {})));

  return {
    read(value, name) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw invalidBody(`'${name}' is not an object`);
      }
      const given = value as Record<string, unknown>;
      const out: Record<string, unknown> = {};
      // Bodies contain few of the known properties, so the loop is over the given ones.
      for (const field of Object.keys(given)) {
        const shape = shapes.get(field);
        if (shape === undefined) refuseUnknown(field, name);
        else if (given[field] !== null) out[field] = shape.read(given[field], field);
      }
      for (const field of required) if (out[field] === undefined) throw missingProperty(field);
      return out as ReadFields<F>;
    },
  };
}

/** OData annotations (`odata.type`, `x@odata.type`) are not properties and may occur anywhere. */
function refuseUnknown(field: string, name: string): void {
  if (!field.includes('odata.')) {
    throw invalidBody(`The property '${field}' does not exist on '${name}'.`);
  }
}

export function optional<T>(shape: Shape<T>): OptionalShape<T> {
  return { optional: true, read: (value, name) => shape.read(value, name) };
}

export interface TextRule {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
}

export function text(rule: TextRule = {}): Shape<string> {
  return {
    read(value, name) {
      if (typeof value !== 'string') throw invalidBody(`'${name}' is not a string`);
      if (rule.min !== undefined && value.length < rule.min) {
        throw invalidProperty(name, value, `The value must have at least ${rule.min} character(s)`);
      }
      if (rule.max !== undefined && value.length > rule.max) {
        throw invalidProperty(name, value, `The value can be at most ${rule.max} characters long`);
      }
      if (rule.pattern?.test(value) === false) {
        throw invalidProperty(name, value, `The value must match ${rule.pattern.source}`);
      }
      return value;
    },
  };
}

export function integer(
  min: number = Number.MIN_SAFE_INTEGER,
  max: number = Number.MAX_SAFE_INTEGER,
): Shape<number> {
  return {
    read(value, name) {
      if (typeof value !== 'number' || !Number.isInteger(value)) {
        throw invalidBody(`'${name}' is not an integer`);
      }
      if (value < min || value > max) {
        throw invalidProperty(name, value, `The value must be between ${min} and ${max}`);
      }
      return value;
    },
  };
}

export const boolean: Shape<boolean> = {
  read(value, name) {
    if (typeof value !== 'boolean') throw invalidBody(`'${name}' is not a Boolean`);
    return value;
  },
};

/** A timestamp; returned in the service's own format. */
export const timestamp: Shape<string> = {
  read(value, name) {
    const at = typeof value === 'string' ? parseTime(value) : Number.NaN;
    if (Number.isNaN(at)) throw invalidBody(`'${name}' is not a date and time`);
    return wireTime(at);
  },
};

/** A duration; returned in the service's own format, in days. */
export function duration(minMs = 0, maxMs = Number.POSITIVE_INFINITY): Shape<string> {
  return {
    read(value, name) {
      const span = typeof value === 'string' ? durationMs(value) : Number.NaN;
      if (Number.isNaN(span)) throw invalidBody(`'${name}' is not an ISO 8601 duration`);
      if (span < minMs || span > maxMs) {
        const upper =
          maxMs === Number.POSITIVE_INFINITY ? '' : ` and at most ${wireDuration(maxMs)}`;
        throw invalidProperty(name, value, `It must be at least ${wireDuration(minMs)}${upper}`);
      }
      return wireDuration(span);
    },
  };
}

/** One of several values, in any case; returned in the case given here. */
export function oneOf<const Value extends string>(...values: readonly Value[]): Shape<Value> {
  const canonical = new Map(values.map((match) => [match.toLowerCase(), match]));
  return {
    read(value, name) {
      const match = typeof value === 'string' ? canonical.get(value.toLowerCase()) : undefined;
      if (match === undefined) {
        throw invalidProperty(name, value, `The value must be one of ${values.join(', ')}`);
      }
      return match;
    },
  };
}

/** A property of what the stand-in does not imitate: it refuses every value by its name. */
export function unimitated(operation: string): Shape<never> {
  return {
    read() {
      throw new Refusal('NotImplemented', [{ key: 'Operation', value: operation }]);
    },
  };
}

/** A switch of what the stand-in does not imitate: it can only be off. */
export function onlyFalse(operation: string): Shape<boolean> {
  return {
    read: (value, name) =>
      boolean.read(value, name) ? unimitated(operation).read(value, name) : false,
  };
}

export function list<T>(shape: Shape<T>, max = Number.POSITIVE_INFINITY): Shape<readonly T[]> {
  return {
    read(value, name) {
      if (!Array.isArray(value)) throw invalidBody(`'${name}' is not an array`);
      if (value.length > max) {
        throw invalidProperty(name, `${value.length} items`, `There can be at most ${max} items`);
      }
      return value.map((item) => shape.read(item, name));
    },
  };
}

/** Any JSON value: the stand-in stores and returns it unchanged. */
export const anyJson: Shape<unknown> = { read: (value) => value };

/** An optional request body. */
export function optionalBody<T>(shape: Shape<T>): Shape<T | undefined> {
  return {
    read: (value, name) => (value === undefined ? undefined : shape.read(value, name)),
  };
}

/** No request body: a body that is sent is ignored, as the service does. */
export const noBody: Shape<undefined> = { read: () => undefined };
