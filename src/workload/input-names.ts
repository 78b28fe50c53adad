import type { Workload } from './workload';

export type Inputs = NonNullable<Workload['inputs']>;

/** Whether a blob of that name counts among the inputs; without inputs any does. */
export function isInput(name: string, inputs: Inputs | undefined): boolean {
  return inputs === undefined || unlikeness(name, inputs) === undefined;
}

/** What the name of an input must be and this one is not; undefined when it is. */
export function unlikeness(name: string, inputs: Inputs): string | undefined {
  const { endsWith, pattern } = inputs;
  const prefix = inputs.from === 'container' ? inputs.prefix : undefined;
  if (!matches(name, endsWith)) return `end in ${endsWith.join(' or ')}`;
  if (prefix !== undefined && !name.startsWith(prefix)) return `begin with ${prefix}`;
  // Unlike `test`, `search` starts at the beginning whatever flags the pattern has.
  if (pattern !== undefined && name.search(pattern) < 0) return `match ${String(pattern)}`;
  return undefined;
}

/** No ending listed means every blob. */
export function matches(name: string, endings: readonly string[]): boolean {
  const lower = name.toLowerCase();
  return endings.length === 0 || endings.some((ending) => lower.endsWith(ending.toLowerCase()));
}
