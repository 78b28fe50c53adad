import { expect, test } from 'vitest';
import { createActivities, type Activities } from '../../src/run/activities';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { disconnecting, type Disconnection } from '../fakes';
import { echo, minute, watchWith } from './given';
import { CANARY, now, snapshot, worldOf, type World } from './world';

/** Activities are delivered at least once, and may be cut off anywhere: the end is the same. */

const signed = { ...echo, programs: ['own.txt'], secrets: ['signing-key'] };
const inputs = { container: 'inbox', endsWith: ['.ply'] };
const merge = { ...echo, reads: ['parts'] };

const declarations: Readonly<Record<string, WorkloadDeclaration>> = {
  whole: {
    name: 'hello',
    description: 'one task',
    inputs,
    pool: { setup: { command: '/bin/sh common.txt', programs: ['common.txt'] } },
    work: { kind: 'whole', jobManager: signed },
    keepOutputsDays: 0,
  },
  split: {
    name: 'hello',
    description: 'a manifest of tasks, and a merge',
    inputs,
    pool: { maxNodes: 3, slotsPerNode: 2 },
    work: { kind: 'split', jobManager: signed, task: echo, merge },
  },
  perBlob: {
    name: 'hello',
    description: 'a task for each blob, and a merge',
    inputs,
    pool: { maxNodes: 3 },
    work: { kind: 'perBlob', task: signed, merge },
  },
};

type Step = (activities: Activities, world: World) => Promise<unknown>;

const outcome = { kind: 'failed', code: 'taskFailed', cause: '1 task failed' } as const;
const endedAt = minute(30).toISOString();
const nothing = { results: [], logs: [], missing: [], missingTasks: 0, errorDetail: null };

/** A run from its claim to its record, as the workflow takes its steps. */
const steps: readonly (readonly [string, Step])[] = [
  ['claim', ({ claim }, { plan }) => claim({ plan, now })],
  ['stage', ({ stage }, { plan }) => stage({ plan })],
  ['provision', ({ provision }, { plan }) => provision({ plan, startNodes: 1, now })],
  ['submitJob', ({ submitJob }, { plan }) => submitJob({ plan, now })],
  ['submitTasks', ({ submitTasks }, { plan }) => submitTasks({ plan, from: 0, now })],
  [
    'setTargetNodes',
    ({ setTargetNodes }, { plan }) =>
      setTargetNodes({ plan, startNodes: 2, now: minute(5).toISOString() }),
  ],
  ['poll', ({ poll }, { plan }) => poll({ plan, now })],
  ['harvest', ({ harvest }, { plan }) => harvest({ plan, outcome, worked: true })],
  ['cleanUp', ({ cleanUp }, { plan }) => cleanUp({ plan, outcome: 'succeeded' })],
  [
    'record',
    ({ record }, { plan }) =>
      record({
        plan,
        outcome,
        harvest: nothing,
        watch: watchWith(),
        cleanedUp: [],
        followers: [],
        endedAt,
      }),
  ],
];

function freshWorld(shape: string): World {
  const declaration = declarations[shape];
  if (declaration === undefined) throw new Error(`there is no ${shape}`);
  const world = worldOf(declaration);
  const { files, batch, plan } = world;
  files.put('inbox', 'a.ply', '1');
  files.put('inbox', "b'; touch x; '.ply", '2');
  files.put('inbox', 'c/d.ply', '3');
  batch.failed = [{ id: 'job-manager', input: null, exitCode: 1, cause: 'FailureExitCode' }];
  batch.texts.set(`${plan.jobId}/job-manager/stderr.txt`, 'no such file\n');
  return world;
}

/** The manifest is there as soon as the container is: the job manager is not what is tested. */
function writeManifest({ files, plan }: World): void {
  if (files.containers.has(plan.outputContainer)) {
    files.put(plan.outputContainer, 'manifest/tasks.jsonl', '{"id":"p1"}\n{"id":"p2"}\n');
  }
}

async function walk(
  shape: string,
  take: (step: Step, world: World, name: string) => Promise<unknown>,
): Promise<{ results: unknown[]; ends: unknown[]; world: World }> {
  const world = freshWorld(shape);
  const results: unknown[] = [];
  const ends: unknown[] = [];
  for (const [name, step] of steps) {
    results.push(await take(step, world, name));
    if (name === 'stage') writeManifest(world);
    ends.push(snapshot(world));
    structuredCloneAll(ends);
  }
  return { results, ends, world };
}

/** What the next step changes must not change what was noted. */
function structuredCloneAll(ends: unknown[]): void {
  ends[ends.length - 1] = structuredClone(ends.at(-1));
}

const once = (step: Step, world: World) => step(world.activities, world);

test.each(Object.keys(declarations))(
  'in a run of the kind %s, each step taken twice gives the same answer and the same end',
  async (shape) => {
    const reference = await walk(shape, once);
    const repeated = await walk(shape, async (step, world) => {
      const first = await step(world.activities, world);
      expect(await step(world.activities, world)).toEqual(first);
      return first;
    });

    expect(repeated.results).toEqual(reference.results);
    expect(repeated.ends).toEqual(reference.ends);
  },
);

test.each(Object.keys(declarations))(
  'in a run of the kind %s, a step that runs twice at the same time and is repeated gives the same end',
  async (shape) => {
    const reference = await walk(shape, once);
    const both = await walk(shape, async (step, world) => {
      const calls = [step(world.activities, world), step(world.activities, world)];
      const results = await Promise.allSettled(calls);
      // A call may lose against the other one, but not in a way that ends the run.
      const errors = results.flatMap((result) =>
        result.status === 'rejected' ? [result.reason as { readonly code?: string }] : [],
      );
      expect(errors.filter(({ code }) => code !== 'serviceUnavailable')).toEqual([]);
      return step(world.activities, world);
    });

    expect(both.results).toEqual(reference.results);
    expect(both.ends).toEqual(reference.ends);
  },
);

/** Ports whose line is cut at one call; all three count the calls together. */
function cutActivities(
  world: World,
  count: { calls: number },
  at: number,
  cut: Disconnection,
): Activities {
  return createActivities({
    ...world.tools,
    batch: disconnecting(world.batch, count, at, cut),
    files: disconnecting(world.files, count, at, cut),
    secrets: disconnecting(world.tools.secrets, count, at, cut),
  });
}

async function callsOf(shape: string): Promise<ReadonlyMap<string, number>> {
  const calls = new Map<string, number>();
  await walk(shape, async (step, world, name) => {
    const count = { calls: 0 };
    const result = await step(cutActivities(world, count, 0, 'beforeTheCall'), world);
    calls.set(name, count.calls);
    return result;
  });
  return calls;
}

test.each(Object.keys(declarations))(
  'in a run of the kind %s, a step that is cut off at any call and taken again gives the same end',
  async (shape) => {
    const reference = await walk(shape, once);
    const calls = await callsOf(shape);
    let cuts = 0;
    for (const [name, most] of calls) {
      for (let at = 1; at <= most; at++) {
        for (const cut of ['beforeTheCall', 'afterTheCall'] as const) {
          const { ends } = await walk(shape, async (step, world, current) => {
            if (current !== name) return step(world.activities, world);
            const count = { calls: 0 };
            await step(cutActivities(world, count, at, cut), world).catch(() => undefined);
            expect(count.calls).toBeGreaterThanOrEqual(at);
            return step(world.activities, world);
          });
          expect(ends, `${name} cut ${cut} ${at}`).toEqual(reference.ends);
          cuts += 1;
        }
      }
    }

    expect(cuts).toBeGreaterThan(80);
  },
);

test.each(Object.keys(declarations))(
  'in a run of the kind %s, no answer of a step holds a secret or a credential, and Batch no secret [GD19]',
  async (shape) => {
    const { results, ends } = await walk(shape, once);
    const text = JSON.stringify(results);

    expect(text).not.toContain(CANARY);
    expect(text).not.toMatch(/read-for|write-for/);
    const staged = JSON.stringify(ends[1]);
    expect(staged).toContain(CANARY);
    for (const end of ends) {
      const { pools, jobs } = end as { pools: unknown; jobs: unknown };
      expect(JSON.stringify([pools, jobs])).not.toContain(CANARY);
    }
  },
);

test('no answer of a step is larger than what an orchestration keeps well', async () => {
  const { results } = await walk('split', once);

  for (const result of results) expect(JSON.stringify(result).length).toBeLessThan(16 * 1024);
});
