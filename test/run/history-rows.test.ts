import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../src/failure';
import type { Phase, RunRecord, RunStatus } from '../../src/run/run';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { stageForEach, type Stage } from './stage';
import { hasEnded } from '../../local/functions/durable/records';

/** A history is at most 200 rows long, whatever phase a run stays in. */

const MAX_ROWS = 200;

const whole: WorkloadDeclaration = {
  name: 'whole',
  description: 'the job manager is the job',
  inputs: { container: 'inputs' },
  pool: {},
  work: { kind: 'whole', jobManager: { command: 'work' } },
  deadlineMinutes: 360,
  startWithinMinutes: 60,
};

const stage = stageForEach(afterEach);

interface Observed {
  readonly longest: number;
  readonly executions: number;
  /** Phases that the status has shown; null where it was empty after the first. */
  readonly shown: ReadonlySet<Phase | null>;
  readonly record: RunRecord;
}

/** Steps the run to its end and reads its history and status at every step. */
async function observe({ begin, hub, end }: Stage): Promise<Observed> {
  const runId = await begin('whole');
  let executions = 1;
  let before = 0;
  const shown = new Set<Phase | null>();
  let longest = 0;
  await hub.settled();
  for (;;) {
    const history = hub.history(runId);
    longest = Math.max(longest, history.length);
    if (history.length < before) executions += 1;
    before = history.length;
    const status = hub.status(runId);
    shown.add((status.customStatus as RunStatus | null)?.phase ?? null);
    const instance = hub.host.hub.find(runId);
    if (instance !== undefined && hasEnded(instance.status)) break;
    if (!(await hub.stepToNextAlarm())) break;
  }
  return { longest, executions, shown, record: await end(runId) };
}

const busy = async (): Promise<never> => {
  throw new Failure('serviceUnavailable', 'the service is busy');
};
const full = async (): Promise<never> => {
  throw new Failure('quotaReached', 'the quota is reached', { retryAfterSeconds: 60 });
};

/** Each keeps a run in one phase for hours. */
const long: readonly (readonly [Phase, (stage: Stage) => void])[] = [
  ['provisioning', ({ batch }) => void (batch.makePool = full)],
  ['submitting', ({ batch }) => void (batch.makeJob = full)],
  ['watching', () => undefined],
  [
    'cleaningUp',
    ({ batch }) => {
      batch.deletePool = async () => 'deleting';
    },
  ],
];

test.each(long)(
  'a run that stays long in %s has at most 200 rows of history',
  async (phase, keep) => {
    const stand = await stage([whole], phase === 'watching' ? { jobManagerMinutes: 300 } : {});
    stand.files.put('inputs', 'a.csv', '1');
    keep(stand);

    const { longest, executions, shown, record } = await observe(stand);

    expect(longest).toBeLessThanOrEqual(MAX_ROWS);
    expect(executions).toBeGreaterThan(1);
    expect(shown).toContain(phase);
    expect(shown).not.toContain(null);
    expect(new Set(record.timeline.map((milestone) => milestone.phase)).size).toBe(
      record.timeline.length,
    );
  },
);

test.each(['cleanUp', 'record'] as const)(
  'a step that is retried for hours (%s) has at most 200 rows of history, and keeps its number of attempts',
  async (step) => {
    const stand = await stage([whole]);
    stand.files.put('inputs', 'a.csv', '1');
    let attempts = 0;
    const claim = stand.files.claim.bind(stand.files);
    const fails = (): boolean => {
      attempts += 1;
      return attempts < 35;
    };
    stand.files.claim = async (container, name, text) => {
      if (step === 'record' && name.startsWith('records/') && fails()) return busy();
      return claim(container, name, text);
    };
    if (step === 'cleanUp') {
      const original = stand.batch.deletePool.bind(stand.batch);
      stand.batch.deletePool = async (id, owner) => {
        if (fails()) throw new Failure('serviceUnavailable', 'the service is busy');
        return original(id, owner);
      };
    }

    const { longest, record } = await observe(stand);

    expect(longest).toBeLessThanOrEqual(MAX_ROWS);
    expect(attempts).toBeGreaterThanOrEqual(35);
    expect(record.outcome).toEqual({ kind: 'succeeded' });
  },
);
