import {
  decideAdmission,
  type AdmissionInput,
  type AppLimits,
  type Decision,
  type WorkloadPolicy,
} from '../../src/ledger/admission';
import { OPEN_ADMISSION, type ActiveRow } from '../../src/ledger/rows';
import { activeRow, newOccurrence, NOW } from './given';

/** Decisions of admission over rows of the workload `report`. */

const NO_LIMITS: AppLimits = {
  maxActiveRuns: 100,
  maxStartsPerMinute: 100,
  monthlyNodeMinutes: null,
  monthlyCost: null,
};
export const DEADLINE = '2026-11-30T03:00:05.000Z';

const ALLOWING: WorkloadPolicy = {
  overlap: 'allow',
  maxActiveRuns: 100,
  deadlineMinutes: 60,
  startWithinMinutes: 60,
  whenNotSucceeded: 'skip',
};

interface Given extends Partial<Omit<AdmissionInput, 'limits' | 'policyOf'>> {
  readonly policy?: Partial<WorkloadPolicy>;
  readonly limits?: Partial<AppLimits>;
  readonly isUnknown?: boolean;
}

export function decide(rows: readonly ActiveRow[], given: Given = {}): readonly Decision[] {
  const { policy, limits, isUnknown = false, ...rest } = given;
  const full: WorkloadPolicy = { ...ALLOWING, ...policy };
  return decideAdmission({
    rows,
    control: OPEN_ADMISSION,
    policyOf: () => (isUnknown ? null : full),
    limits: { ...NO_LIMITS, ...limits },
    spent: { nodeMinutes: 0, cost: 0 },
    predecessors: new Map(),
    now: NOW,
    ...rest,
  });
}

/** A waiting row of a given hour, with its own id. */
export function row(
  hour: number,
  changed: Partial<ActiveRow> = {},
  workload = 'report',
): ActiveRow {
  const instant = `2026-11-30T0${hour}:00:00.000Z`;
  const attempt = changed.attempt ?? 0;
  return activeRow(changed, newOccurrence({ instant, attempt }, undefined, workload));
}

export const running = { state: 'running', deadline: DEADLINE } as const;
export const start = ({ runId }: ActiveRow): Decision => ({
  kind: 'start',
  runId,
  deadline: DEADLINE,
});
export const wait = (
  { runId }: ActiveRow,
  code: 'overlapped' | 'tooManyRuns',
  cause: string,
): Decision => ({
  kind: 'wait',
  runId,
  reason: { kind: 'waiting', code, cause },
});
export const skip = ({ runId }: ActiveRow, cause: string): Decision => ({
  kind: 'end',
  runId,
  reason: { kind: 'skipped', code: 'overlapped', cause },
});

/** One word for each decision, for tests of order and bounds. */
export function outline(decisions: readonly Decision[]): readonly string[] {
  return decisions.map((one) =>
    one.kind === 'wait' || one.kind === 'end'
      ? `${one.kind} ${one.runId.slice(0, -11)} ${one.reason.code}`
      : `${one.kind} ${one.runId.slice(0, -11)}`,
  );
}
