import { afterEach, expect, test } from 'vitest';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { credentialMinutes } from '../../src/run/plan';
import { scaleInTime } from '../../src/run/provision/autoscale-formula';
import { checked, planOf, STARTED, whole } from './given';
import { leaveOutputs, minutesIn, stageForEach } from './stage';

/** Batch and storage read their own clocks, which may differ from the app's. */

const MINUTE_MS = 60_000;
const DIFFERENCE_MS = 15 * MINUTE_MS;

const stage = stageForEach(afterEach);

const split: WorkloadDeclaration = {
  name: 'split',
  description: 'the job manager splits',
  pool: { maxWaitMinutes: 10, setup: { command: 'setup' } },
  work: {
    kind: 'split',
    jobManager: { command: 'node split.mjs' },
    task: { command: 'node part.mjs' },
  },
  deadlineMinutes: 60,
};

async function ran(aheadMinutes: number) {
  const { run, hub, files } = await stage([split], { aheadMinutes });
  leaveOutputs({ files }, 'split', { 'manifest/tasks.jsonl': '{"id":"p1"}\n' });
  const record = await run('split');
  // One engine at a time in a process.
  await hub.close();
  const { outcome, tasks, cleanedUp, nodeMinutes } = record;
  return { outcome, tasks, cleanedUp, nodeMinutes, minutes: minutesIn(record) };
}

test.each([15, -15])(
  'a run on a Batch account whose clock is %i minutes ahead goes as on one with the same clock',
  async (aheadMinutes) => {
    const different = await ran(aheadMinutes);

    expect(different).toEqual(await ran(0));
  },
);

test('nodes stay until the deadline of their run by a clock that is less than five minutes ahead', () => {
  const plan = planOf(checked(whole));
  const margin = Date.parse(scaleInTime(plan)) - Date.parse(plan.deadline);

  expect(margin / MINUTE_MS).toBe(5);
});

test('credentials of nodes are valid until the deadline by a clock that is a quarter of an hour ahead', () => {
  const plan = planOf(checked(whole));
  const end = Date.parse(STARTED) + credentialMinutes(plan, STARTED) * MINUTE_MS;

  expect(end - DIFFERENCE_MS).toBeGreaterThan(Date.parse(plan.deadline));
});
