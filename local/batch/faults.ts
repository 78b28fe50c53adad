import {
  list,
  object,
  oneOf,
  optional,
  integer,
  text,
  type TypeOf,
  type Shape,
} from './wire/shape';

/**
 * An injected fault, set through `/_local/faults`: the next matching calls fail, wait, or have
 * their connection reset before or after their effect.
 */
export const fault = object({
  /** Verbs, as `POST` or `GET,HEAD`. Default: all. */
  verb: optional(text()),
  /** The path, with a star for any characters: `/pools/*`. Default: all. */
  path: optional(text()),
  /** Number of calls that fail. Default: 1. */
  times: optional(integer(1)),
  /** Number of matching calls that succeed first. Default: 0. */
  after: optional(integer(0)),
  action: oneOf('status', 'delay', 'cutBefore', 'cutAfter'),
  /** For `status`: for example 429, 500 or 503. */
  status: optional(integer(400, 599)),
  code: optional(text()),
  retryAfterSeconds: optional(integer(0)),
  /** For `delay`, in real milliseconds. */
  delayMs: optional(integer(0)),
});
export type Fault = TypeOf<typeof fault>;

export const faults: Shape<readonly Fault[]> = list(fault);

interface Pending {
  readonly fault: Fault;
  readonly path: RegExp;
  readonly verbs: readonly string[];
  skip: number;
  left: number;
}

/** The pending faults, in the order in which they were set. */
export class FaultPlan {
  #pending: Pending[] = [];

  add(faults: readonly Fault[]): void {
    for (const fault of faults) {
      this.#pending.push({
        fault,
        path: wildcard(fault.path ?? '*'),
        verbs: (fault.verb ?? '')
          .toUpperCase()
          .split(',')
          .filter((verb) => verb !== ''),
        skip: fault.after ?? 0,
        left: fault.times ?? 1,
      });
    }
  }

  clear(): void {
    this.#pending = [];
  }

  pending(): readonly object[] {
    return this.#pending.map(({ fault, left }) => ({ ...fault, left }));
  }

  /** Returns the fault of this call, if there is one, and counts it as used. */
  next(verb: string, path: string): Fault | undefined {
    for (const pending of this.#pending) {
      if (pending.verbs.length > 0 && !pending.verbs.includes(verb)) continue;
      if (!pending.path.test(path)) continue;
      if (pending.skip > 0) {
        pending.skip -= 1;
        continue;
      }
      pending.left -= 1;
      this.#pending = this.#pending.filter(({ left }) => left > 0);
      return pending.fault;
    }
    return undefined;
  }
}

/** A pattern in which `*` matches any characters, as an expression for whole strings. */
export function wildcard(pattern: string): RegExp {
  const parts = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'i');
}
