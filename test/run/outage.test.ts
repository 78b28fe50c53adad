import { afterEach, expect, test } from 'vitest';
import { Failure, type FailureCode } from '../../src/failure';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { stageForEach, START, type Stage } from './stage';

/** Storage that is away, or refuses access, for most of a day. */

const whole: WorkloadDeclaration = {
  name: 'whole',
  description: 'the job manager is the job',
  pool: {},
  work: { kind: 'whole', jobManager: { command: 'work' } },
  deadlineMinutes: 60,
};

const stage = stageForEach(afterEach);

const HOURS_MS = 3_600_000;
/** Within the 25 hours of the most persistent steps. */
const AWAY_MS = 24 * HOURS_MS;

/** Fails every call of a method with the error until the outage is over. */
function away<Port extends object>(
  { clock }: Stage,
  port: Port,
  method: keyof Port & string,
  code: FailureCode,
  isConcerned: (values: readonly unknown[]) => boolean = () => true,
): void {
  const own = Reflect.get(port, method) as (...values: unknown[]) => Promise<unknown>;
  const end = Date.parse(START) + AWAY_MS;
  Reflect.set(port, method, async (...values: unknown[]) => {
    if (clock.now().getTime() < end && isConcerned(values)) {
      throw new Failure(code, 'storage is away');
    }
    return Reflect.apply(own, port, values);
  });
}

test.each(['serviceUnavailable', 'accessDenied'] as const)(
  'a run whose ledger answers %s for a day starts after it, with its whole deadline',
  async (code) => {
    const stand = await stage([whole]);
    const runId = await stand.begin('whole');
    away(stand, stand.table, 'get', code);

    await stand.hub.runToEnd(runId);
    const record = await stand.end(runId);

    expect(record.outcome).toEqual({ kind: 'succeeded' });
    expect(Date.parse(record.startedAt) - Date.parse(START)).toBeGreaterThanOrEqual(AWAY_MS);
    expect(record.timeline[0]).toEqual({ phase: 'admitting', at: record.startedAt });
  },
);

test.each(['serviceUnavailable', 'accessDenied'] as const)(
  'a record that storage answers with %s for a day is written after it, with the outcome of the run',
  async (code) => {
    const stand = await stage([whole]);
    const runId = await stand.begin('whole');
    const isRecord = (values: readonly unknown[]) => String(values[1]).startsWith('records/');
    away(stand, stand.files, 'claim', code, isRecord);

    const record = await stand.end(runId);

    expect(record.outcome).toEqual({ kind: 'succeeded' });
    expect(stand.clock.now().getTime() - Date.parse(START)).toBeGreaterThanOrEqual(AWAY_MS);
    expect([await stand.batch.getPool(), await stand.batch.getJob()]).toEqual([null, null]);
  },
);
