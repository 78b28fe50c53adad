import * as df from 'durable-functions';
import { afterEach, expect, test } from 'vitest';
import { SteppedClock } from '../../../local/clock';
import { startTestHub, type TestHub } from '../../../local/functions/testing';
import { createActivities } from '../../../src/run/activities';
import { nextStep, waitingFor } from '../../../src/run/progress';
import type { NodeCounts, RunRecord } from '../../../src/run/run';
import { asActivity } from '../../../src/run/steps';
import { reap } from '../../../src/run/finish/reap';
import { type WorkloadDeclaration } from '../../../src/workload/workload';
import { runWorkflow, RUN_ORCHESTRATION } from '../../../src/run/workflow';
import { supportedImages } from '../../fakes';
import { MemoryFiles } from '../../memory-files';
import { MemoryTable } from '../../memory-table';
import {
  checked,
  inputOf,
  jobWith,
  minute,
  OWNER,
  planOf,
  poolWith,
  seenWith,
  watchWith,
  whole,
} from '../given';
import { PacedBatch } from '../paced-batch';
import { newProgramsFolder } from '../stage';
import { worldOf } from '../world';
import { runLedgerOn } from '../../../src/ledger/run-ledger';
import { checkWorkloads } from '../../../src/workload/check-workloads';

/** What a run makes of its nodes from its start to its end: prepared or not, kept, of others. */

let hub: TestHub | undefined;

afterEach(async () => {
  await hub?.close();
  hub = undefined;
});

async function ran(declaration: WorkloadDeclaration, change: (batch: PacedBatch) => void) {
  const clock = new SteppedClock('2030-01-01T02:00:00.000Z');
  const batch = new PacedBatch(clock);
  change(batch);
  const workloads = checkWorkloads([declaration]);
  const tools = {
    batch,
    files: new MemoryFiles(),
    ledger: runLedgerOn(new MemoryTable()),
    secrets: { read: async (name: string) => `value of ${name}` },
    workloads,
    programsFolder: newProgramsFolder(),
    warn: () => undefined,
  };
  hub = await startTestHub({
    clock,
    register: () => {
      df.app.orchestration(RUN_ORCHESTRATION, runWorkflow(workloads));
      for (const [name, activity] of Object.entries(createActivities(tools))) {
        df.app.activity(name, { handler: asActivity<unknown>(activity) });
      }
    },
  });
  const occurrence = { kind: 'request', key: 'a' } as const;
  const request = { workload: declaration.name, occurrence, parameters: {} };
  const input = inputOf(request);
  await hub.start(RUN_ORCHESTRATION, input.runId, input);
  const { output } = await hub.runToEnd(input.runId);
  return { record: output as RunRecord, asked: batch.asked };
}

test('a run waits until its retained pool is scaled to zero, and its record says that the pool is kept [GD38, NB17, PY10]', async () => {
  const { record, asked } = await ran({ ...whole, pool: { keep: { days: 7 } } }, () => undefined);

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(record.cleanedUp.map(({ resource, state }) => `${resource} ${state}`)).toEqual([
    'job deleted',
    'pool kept',
    'staging deleted',
    'outputs kept',
  ]);
  expect(asked.filter((one) => one === 'deletePool')).toEqual([]);
  expect(asked.filter((one) => one === 'scalePoolToZero').length).toBeGreaterThan(1);
});

test('what was found while the pool was made is in the record', async () => {
  const endOfLife = '2030-02-01T00:00:00.000Z';
  const { record } = await ran(whole, (batch) => {
    batch.supportedImages = async () => supportedImages.map((one) => ({ ...one, endOfLife }));
  });

  expect(record.warnings).toEqual([
    'pool.image: Batch supports ubuntu-24.04 until 2030-02-01, 30 days from now; choose a newer image',
  ]);
});

test('an image that has come to its end fails the run before there is a pool [PY20]', async () => {
  const { record, asked } = await ran(
    { ...whole, pool: { image: 'ubuntu-22.04' } },
    () => undefined,
  );

  expect(record.outcome).toMatchObject({ kind: 'failed', code: 'badSpecification' });
  expect(asked).not.toContain('makePool');
});

test('the nodes of an existing pool are not counted as those of the run', async () => {
  const { record } = await ran({ ...whole, pool: { existing: 'shared-pool' } }, (batch) => {
    batch.others = {
      isBeingDeleted: false,
      runId: null,
      nodeAgent: null,
      runsContainers: false,
      slotsPerNode: 1,
      autoscales: true,
      targetNodes: 0,
    };
    // The paced account shows the pool that was made; here somebody else did.
    void batch.makePool(
      { id: 'shared-pool', formula: '' } as Parameters<PacedBatch['makePool']>[0],
      { owner: 'another-app', runId: 'nobody', workload: 'nobody' },
    );
  });

  expect([record.outcome, record.nodeMinutes, record.estimatedCost]).toEqual([
    { kind: 'succeeded' },
    0,
    null,
  ]);
});

/** What a look finds: nodes, of which some got no task since their preparation failed. */
function verdict(nodes: Partial<NodeCounts>, unpreparedNodes: number) {
  const workload = checked({ ...whole, prepare: { command: 'echo' } });
  const seen = seenWith({
    job: jobWith({ state: 'waiting' }),
    pool: poolWith(nodes),
    unpreparedNodes,
  });
  const situation = { workload, plan: planOf(workload), watch: watchWith(), seen };
  const next = nextStep(situation, minute(10));
  return next.kind === 'finish' && next.outcome.kind !== 'succeeded'
    ? next.outcome.code
    : next.kind;
}

test('a run ends when its preparation has failed on every node that could work, and not before', () => {
  expect([
    verdict({ idle: 1 }, 1),
    verdict({ idle: 2 }, 2),
    verdict({ idle: 1 }, 0),
    verdict({ idle: 1, running: 1 }, 1),
    verdict({ idle: 1, starting: 1 }, 1),
    verdict({ preempted: 1 }, 0),
  ]).toEqual(['preparationFailed', 'preparationFailed', 'wait', 'wait', 'wait', 'wait']);
});

test('a run that may have dedicated nodes does not say that it waits for a Spot node', () => {
  const waiting = (pool: WorkloadDeclaration['pool']) => {
    const workload = checked({ ...whole, pool });
    const seen = seenWith({ pool: poolWith({}, { resizing: true }) });
    return waitingFor({ workload, plan: planOf(workload), watch: watchWith(), seen });
  };

  expect([waiting({}), waiting({ dedicatedAfterMinutes: 5 }), waiting({ existing: 'x' })]).toEqual([
    'a Spot node: Batch is allocating 1 node',
    'a node: Batch is allocating 1 node',
    'a node: Batch is allocating 1 node',
  ]);
});

test('expired retained pools are deleted an hour later, unless a job needs them [GD39]', async () => {
  const { batch, tools } = worldOf(whole);
  batch.retained.push(
    { id: 'over', until: minute(0).toISOString() },
    { id: 'fresh', until: minute(1000).toISOString() },
  );
  const runs = {
    owner: OWNER,
    activeRunIds: async () => new Set<string>(),
    isRunning: async () => false,
    forget: async () => {},
  };
  const kept = async (minutes: number) => (await reap(tools, runs, minute(minutes))).retainedPools;

  expect([await kept(59), await kept(61), await kept(61)]).toEqual([[], ['over'], []]);
  expect(batch.retained.map(({ id }) => id)).toEqual(['fresh']);
});
