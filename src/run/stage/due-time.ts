import { offsetAt } from '../../workload/local-time';
import { hasDueTime, withDueTime } from '../../workload/due-text';
import type { Workload } from '../../workload/workload';
import type { RunPlan } from '../run';

/**
 * The time that a run is of: the due time of its schedule, or else the instant of its occurrence. It does not
 * depend on when the run starts, so a late or repeated run works on the same day.
 */
export function dueTimeOf({ request, instant, startedAt }: RunPlan): string {
  const { occurrence } = request;
  if (occurrence.kind === 'schedule' || occurrence.kind === 'afterAll') return occurrence.due;
  // The plan of a run that is only forecast has no instant.
  return instant === '' ? startedAt : instant;
}

/** The declaration of a run's workload with its due time in place of each `{due:…}`. */
export function ofDueTime(workload: Workload, plan: RunPlan): Workload {
  const { inputs, shared, work, results } = workload;
  if (!hasDueTime(JSON.stringify([inputs, shared, work, results]))) return workload;
  const { occurrence } = plan.request;
  const zone =
    ('timeZone' in occurrence ? occurrence.timeZone : undefined) ??
    workload.triggers.schedule?.[0]?.timeZone ??
    'UTC';
  const at = Date.parse(dueTimeOf(plan));
  const local = new Date(at + offsetAt(at, zone)).toISOString();
  return {
    ...workload,
    ...(inputs !== undefined && { inputs: replaced(inputs, local) }),
    shared: replaced(shared, local),
    work: replaced(work, local),
    results: results.map((name) => withDueTime(name, local)),
  };
}

/** Members that name folders; commands and environments are the declaration's own text. */
const FOLDERS: ReadonlySet<string> = new Set(['prefix', 'to', 'reads']);

function replaced<Value>(value: Value, local: string, key = ''): Value {
  if (typeof value === 'string') {
    return (FOLDERS.has(key) ? withDueTime(value, local) : value) as Value;
  }
  if (Array.isArray(value)) {
    return value.map((entry: unknown) => replaced(entry, local, key)) as Value;
  }
  if (value === null || typeof value !== 'object' || value instanceof RegExp) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, replaced(member as unknown, local, name)]),
  ) as Value;
}
