import type { Delivery, NoticeRow, Outbox } from '../ledger/notices';
import type { NoticeEvent, NotifyTarget } from '../workload/notify-schema';
import type { Workloads } from '../workload/workload';
import { sendNotice, type SendContext } from './send';

/** The outbox of the app: its targets, and the way to them. READ FIRST in this folder. */

export interface NotifyParts extends SendContext {
  readonly workloads: Workloads;
  /** The targets that are notified of the events of all workloads. */
  readonly appTargets: readonly NotifyTarget[];
  readonly now: () => Date;
  /** Writes a line to the log of the invocation. */
  readonly log: (line: { readonly level: 'warn' | 'error'; readonly message: string }) => void;
}

export function outboxOf(parts: NotifyParts): Outbox {
  const { workloads, appTargets, now, log } = parts;
  const byWorkload = new Map(
    [...workloads].map(([name, { notify }]) => [name, mergeTargets([...notify, ...appTargets])]),
  );
  const ofApp = mergeTargets(appTargets);
  return {
    now,
    targets: targetsByName(workloads, appTargets),
    targetsOf: (workload) => byWorkload.get(workload) ?? ofApp,
    send: (notice) => sendNotice(parts, notice),
    report: (row, delivery, isDropped) => log(lineOf(row, delivery, isDropped)),
  };
}

/**
 * At most one target for each event and name, so that an event reaches a target once: of several entries
 * with an event, the first decides. The declaration comes before the app setting.
 */
export function mergeTargets(targets: readonly NotifyTarget[]): readonly NotifyTarget[] {
  const seen = new Set<string>();
  const isFirst = (to: string, event: NoticeEvent): boolean => {
    const key = `${to} ${event}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  };
  return targets
    .map((target) => ({ ...target, on: target.on.filter((event) => isFirst(target.to, event)) }))
    .filter(({ on }) => on.length > 0);
}

/** All targets by name, with the form of their first entry. */
function targetsByName(
  workloads: Workloads,
  appTargets: readonly NotifyTarget[],
): ReadonlyMap<string, NotifyTarget> {
  const all = [...[...workloads.values()].flatMap(({ notify }) => notify), ...appTargets];
  const byName = new Map<string, NotifyTarget>();
  for (const target of all) if (!byName.has(target.to)) byName.set(target.to, target);
  return byName;
}

/** The line of a notice that was not delivered: a sentence with its fields as JSON, like that of an end. */
function lineOf(row: NoticeRow, { status, detail }: Delivery, isDropped: boolean) {
  const { id, to, event, attempts, next, data } = row;
  const { workload, runId } = data;
  const fields = { notice: id, to, event, workload, runId, attempts, status, isDropped };
  const sentence = isDropped
    ? `notice ${id} for ${to} is dropped after ${attempts} attempts: ${detail}`
    : `notice ${id} for ${to} was not delivered: ${detail}; the next attempt is not before ${next}`;
  return {
    level: isDropped ? ('error' as const) : ('warn' as const),
    message: `${sentence} ${JSON.stringify(fields)}`,
  };
}
