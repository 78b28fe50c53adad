import type { Workload } from './workload';

export type Inputs = NonNullable<Workload['inputs']>;

/** True when a blob of this name counts among the inputs; without inputs every blob does. */
export function isInput(name: string, inputs: Inputs | undefined): boolean {
  return inputs === undefined || unlikeness(name, inputs) === undefined;
}

/** Returns the rule for names of inputs that this name violates; undefined when it violates none. */
export function unlikeness(name: string, inputs: Inputs): string | undefined {
  const { endsWith, pattern } = inputs;
  const prefix = inputs.from === 'container' ? inputs.prefix : undefined;
  if (!matches(name, endsWith)) return `end in ${endsWith.join(' or ')}`;
  if (prefix !== undefined && !name.startsWith(prefix)) return `start with ${prefix}`;
  // Unlike `test`, `search` starts at the beginning with any flags of the pattern.
  if (pattern !== undefined && name.search(pattern) < 0) return `match ${String(pattern)}`;
  return undefined;
}

/** True when the name has one of the endings, or when there are none. */
export function matches(name: string, endings: readonly string[]): boolean {
  const lower = name.toLowerCase();
  return endings.length === 0 || endings.some((ending) => lower.endsWith(ending.toLowerCase()));
}
