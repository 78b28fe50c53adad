import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../src/failure';
import { changeActive } from '../../src/ledger/ledger';
import { partsOfRunId } from '../../src/ledger/keys';
import { runLedgerOn } from '../../src/ledger/run-ledger';
import { endLostRun, type LostRun } from '../../src/run/finish/end-lost-run';
import { recordBlob, RUNS_CONTAINER } from '../../src/run/names';
import { planRun } from '../../src/run/plan';
import type { Resume, RunInput, RunRecord, RunStatus } from '../../src/run/run';
import { POLL_NOW, RUN_ORCHESTRATION } from '../../src/run/workflow';
import { type Workload, type WorkloadDeclaration } from '../../src/workload/workload';
import { checked, inputOf, watchWith } from './given';
import { START, stageForEach, type Stage } from './stage';

/** Orchestrations whose run is another one's, is over, or has no workload, on the real engine. */

const whole: WorkloadDeclaration = {
  name: 'whole',
  description: 'the job manager is the job',
  pool: {},
  work: { kind: 'whole', jobManager: { command: 'node work.mjs' } },
  deadlineMinutes: 60,
};

const other: WorkloadDeclaration = { ...whole, name: 'other' };

const stage = stageForEach(afterEach);

function inputFor(workload: string): RunInput {
  const occurrence = { kind: 'request', key: 'a' } as const;
  return inputOf({ workload, occurrence, parameters: {} }, START);
}

/** The final row of a run, as far as it says how the run ended. */
function endInLedger({ table }: Stage, runId: string) {
  const parts = partsOfRunId(runId);
  const row = table.values(`run-${parts?.workload}`)[parts?.rowKey ?? ''];
  return [row?.['state'], row?.['code']];
}

function recordOf({ files }: Stage, runId: string): string | undefined {
  return files.text(RUNS_CONTAINER, recordBlob(runId));
}

/** A later term takes the run over, as the reconciler does it. */
async function takeOver({ table }: Stage, runId: string): Promise<void> {
  await changeActive(table, runId, (row) => ({ ...row, term: row.term + 1, state: 'ending' }));
}

/** What stays as it is when an orchestration touches nothing. */
function state(stand: Stage, runId: string) {
  return structuredClone({
    deleted: stand.batch.asked.filter((asked) => asked.startsWith('delete')),
    containers: [...stand.files.containers.keys()],
    record: recordOf(stand, runId),
    rows: [...stand.table.partitions].map(([name, rows]) => [name, [...rows]]),
  });
}

test('a run whose workload no longer exists when it starts makes nothing and is recorded as workloadChanged', async () => {
  const stand = await stage([other]);
  const input = inputFor('whole');

  const { output } = await stand.hub.run(RUN_ORCHESTRATION, input.runId, input);

  expect(output).toMatchObject({
    outcome: {
      kind: 'failed',
      code: 'workloadChanged',
      cause: 'workload whole was removed or renamed while the run was active',
    },
    cleanedUp: [
      { state: 'deleted' },
      { state: 'deleted' },
      { state: 'deleted' },
      { state: 'deleted' },
    ],
  });
  expect(stand.batch.asked.filter((asked) => asked.startsWith('make'))).toEqual([]);
  expect(endInLedger(stand, input.runId)).toEqual(['failed', 'workloadChanged']);
});

test('a run whose workload is removed while it is watched is harvested, cleaned up and recorded as workloadChanged', async () => {
  const stand = await stage([whole, other], { jobManagerMinutes: 50 });
  const runId = await stand.begin('whole');
  await stand.hub.settled();
  stand.clock.stepTo(new Date('2030-01-01T02:20:00Z'));
  await stand.hub.settled();
  const status = stand.hub.status(runId).customStatus as RunStatus;
  await stand.hub.terminate(runId, 'the next execution follows');

  // The execution that a continue-as-new begins after the deployment of another declaration.
  const input = inputFor('whole');
  const plan = planRun(checked(whole), input, START);
  (stand.app.workloads as Map<string, Workload>).delete('whole');
  const { timeline } = status;
  const watch = watchWith({ startedAt: START, plannedTasks: 0, timeline });
  const resume: Resume = { plan, watch, position: { phase: 'watching' }, status, retry: null };
  const { output } = await stand.hub.run(RUN_ORCHESTRATION, `${runId}-resumed`, {
    ...input,
    resume,
  });

  const record = output as RunRecord;
  expect(record.outcome).toMatchObject({ kind: 'failed', code: 'workloadChanged' });
  expect(record.logs).toEqual(['logs/job-manager/stderr.txt', 'logs/job-manager/stdout.txt']);
  expect(record.cleanedUp.map(({ resource, state: end }) => `${resource} ${end}`)).toEqual([
    'job deleted',
    'pool deleted',
    'staging deleted',
    'outputs kept',
  ]);
  expect([await stand.batch.getPool(), await stand.batch.getJob()]).toEqual([null, null]);
  expect(endInLedger(stand, runId)).toEqual(['failed', 'workloadChanged']);
});

test('a run whose workload is removed in the middle of an execution is not replayed, and is ended without its orchestration', async () => {
  const stand = await stage([whole, other], { jobManagerMinutes: 50 });
  const runId = await stand.begin('whole');
  await stand.hub.settled();
  (stand.app.workloads as Map<string, Workload>).delete('whole');

  await stand.hub.raiseEvent(runId, POLL_NOW, {});
  const { runtimeStatus } = await stand.hub.runToEnd(runId);
  const lost: LostRun = {
    plan: planRun(null, inputFor('whole'), START),
    runId,
    code: 'internal',
    cause: 'the run could not end itself: its orchestration ended without a record',
    nodeMinutes: 0,
    workload: null,
    giveUpAt: '2030-01-01T05:00:00.000Z',
    mayRecord: true,
  };
  const tools = { ...stand.app, ledger: runLedgerOn(stand.table) };
  const first = await endLostRun(tools, lost, () => new Date('2030-01-01T02:10:00.000Z'));
  stand.clock.step(60_000);
  const record = await endLostRun(tools, lost, () => new Date('2030-01-01T02:11:00.000Z'));

  expect([runtimeStatus, first, record?.outcome]).toEqual([
    'Failed',
    null,
    { kind: 'failed', code: 'workloadChanged', cause: lost.cause },
  ]);
  expect([await stand.batch.getPool(), await stand.batch.getJob()]).toEqual([null, null]);
});

test('an orchestration of an earlier term that starts late makes, deletes and records nothing', async () => {
  const stand = await stage([whole], { jobManagerMinutes: 50 });
  const runId = await stand.begin('whole');
  await stand.hub.settled();
  await takeOver(stand, runId);
  const before = [state(stand, runId), stand.batch.asked.length];

  const { runtimeStatus, output } = await stand.hub.run(
    RUN_ORCHESTRATION,
    `${runId}-late`,
    inputFor('whole'),
  );

  expect([runtimeStatus, output]).toEqual(['Completed', null]);
  expect([state(stand, runId), stand.batch.asked.length]).toEqual(before);
});

test('an orchestration that finds at a poll that its run was taken over deletes and records nothing', async () => {
  const stand = await stage([whole], { jobManagerMinutes: 50 });
  const runId = await stand.begin('whole');
  await stand.hub.settled();
  stand.clock.stepTo(new Date('2030-01-01T02:20:00Z'));
  await stand.hub.settled();
  await takeOver(stand, runId);
  const before = state(stand, runId);

  await stand.hub.raiseEvent(runId, POLL_NOW, {});
  const { runtimeStatus, output } = await stand.hub.runToEnd(runId);

  expect([runtimeStatus, output]).toEqual(['Completed', null]);
  expect(state(stand, runId)).toEqual(before);
  expect(await stand.batch.getJob()).toMatchObject({ state: 'active' });
});

test('an orchestration whose run is taken over during its clean-up deletes and records nothing more', async () => {
  const stand = await stage([whole]);
  const runId = await stand.begin('whole');
  stand.batch.deletePool = async () => {
    stand.batch.asked.push('deletePool');
    return 'deleting';
  };
  await stand.hub.settled();
  while (!stand.batch.asked.includes('deletePool')) await stand.hub.stepToNextAlarm();
  await stand.hub.settled();
  await takeOver(stand, runId);
  const before = state(stand, runId);

  const { runtimeStatus, output } = await stand.hub.runToEnd(runId);

  expect([runtimeStatus, output]).toEqual(['Completed', null]);
  expect(state(stand, runId)).toEqual(before);
});

test('an orchestration whose run is taken over before its last steps starts no follower and records nothing', async () => {
  const follower: WorkloadDeclaration = { ...other, triggers: { after: 'whole' } };
  const stand = await stage([whole, follower]);
  const runId = await stand.begin('whole');
  const listContainers = stand.files.listContainers.bind(stand.files);
  stand.files.listContainers = async (prefix) => {
    const found = await listContainers(prefix);
    // The last call of the last pass of clean-up.
    if ((await stand.batch.getPool()) === null) await takeOver(stand, runId);
    return found;
  };

  const { runtimeStatus, output } = await stand.hub.runToEnd(runId);

  expect([runtimeStatus, output]).toEqual(['Completed', null]);
  expect(recordOf(stand, runId)).toBeUndefined();
  expect(stand.table.values('run-other')).toEqual({});
});

test('an orchestration whose step fails after its run was taken over deletes and records nothing', async () => {
  const stand = await stage([whole]);
  let message = 'busy';
  stand.batch.makePool = async () => {
    if (message === 'busy') throw new Failure('serviceUnavailable', message);
    throw new Failure('quotaReached', message);
  };
  const runId = await stand.begin('whole');
  await stand.hub.settled();
  await takeOver(stand, runId);
  const before = state(stand, runId);

  message = 'the quota is reached';
  const { runtimeStatus, output } = await stand.hub.runToEnd(runId);

  expect([runtimeStatus, output]).toEqual(['Completed', null]);
  expect(state(stand, runId)).toEqual(before);
});

test('an orchestration that cannot claim its run fails and touches nothing: the reconciler starts another', async () => {
  const stand = await stage([whole]);
  const input = inputFor('whole');
  const get = stand.table.get.bind(stand.table);
  stand.table.get = async () => {
    throw new Failure('serviceUnavailable', 'the table cannot be reached');
  };

  const { runtimeStatus } = await stand.hub.run(RUN_ORCHESTRATION, input.runId, input);

  stand.table.get = get;
  expect(runtimeStatus).toBe('Failed');
  expect([
    stand.batch.asked,
    [...stand.files.containers],
    [...stand.table.partitions.keys()],
  ]).toEqual([[], [], ['app']]);
});

test('an occurrence with a record is not run again, although the ledger has lost all its rows', async () => {
  const stand = await stage([whole]);
  const record = await stand.run('whole');
  const { length } = stand.batch.asked;
  stand.table.partitions.clear();

  const again = await stand.hub.run(RUN_ORCHESTRATION, `${record.runId}-again`, inputFor('whole'));

  expect([again.runtimeStatus, again.output]).toEqual(['Completed', null]);
  expect(stand.batch.asked).toHaveLength(length);
  expect(endInLedger(stand, record.runId)).toEqual(['succeeded', null]);
  expect(JSON.parse(recordOf(stand, record.runId) ?? '')).toEqual(record);
});
