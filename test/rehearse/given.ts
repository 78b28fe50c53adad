import { planRehearsal, type RehearsalOptions } from '../../src/rehearse/plan-rehearsal';
import { rehearse } from '../../src/rehearse/rehearsal';
import type { RehearsalPlan } from '../../src/rehearse/rehearsal-plan';
import type { Rehearsal } from '../../src/rehearse/tally';
import type { WorkloadDeclaration } from '../../src/workload/workload';

/** Rehearsals of small apps. */

export const OPTIONS: RehearsalOptions = {
  from: '2026-12-01',
  days: 1,
  workloads: [],
  minutes: {},
  past: {},
  spotNodes: null,
  down: [],
  now: new Date('2026-11-30T12:00:00Z'),
};

/** A workload whose job manager is the job. */
export function workload(
  name: string,
  schedule: NonNullable<WorkloadDeclaration['triggers']>['schedule'],
  more: Partial<WorkloadDeclaration> = {},
): WorkloadDeclaration {
  return {
    name,
    description: 'A workload of a test',
    ...(schedule !== undefined && { triggers: { schedule } }),
    deadlineMinutes: 120,
    pool: { pricePerNodeHour: 0.6 },
    work: { kind: 'whole', jobManager: { command: 'work', maxMinutes: 100 } },
    ...more,
  };
}

export interface Given {
  readonly options?: Partial<RehearsalOptions>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly plan?: Partial<RehearsalPlan>;
}

export function planned(workloads: readonly WorkloadDeclaration[], given: Given = {}) {
  const { options, environment = {}, plan } = given;
  const made = planRehearsal({ workloads, environment }, { ...OPTIONS, ...options });
  return { ...made, plan: { ...made.plan, ...plan } };
}

export async function rehearsed(
  workloads: readonly WorkloadDeclaration[],
  given: Given = {},
): Promise<Rehearsal> {
  const { plan } = planned(workloads, given);
  return rehearse(plan);
}

/** The counts of days and workloads, and what did not run in time, in a few words. */
export function inShort({ days, workloads, delayed, unaccounted, warnings }: Rehearsal) {
  return {
    days: days.map(({ day, started, queued, skipped, missed, failed }) =>
      [day.slice(5), started, queued, skipped, missed, failed].join(' '),
    ),
    workloads: workloads.map((one) => {
      const { workload: name, due, started, queued, skipped, missed, failed } = one;
      return [name, due, started, queued, skipped, missed, failed].join(' ');
    }),
    delayed: delayed.map(({ workload: name, instant, kind, waitMinutes }) =>
      [instant.slice(5, 16), name, kind, Math.round(waitMinutes)].join(' '),
    ),
    errors: [...unaccounted, ...warnings],
  };
}
