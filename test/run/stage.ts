import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as df from 'durable-functions';
import { onTestFinished } from 'vitest';
import { SteppedClock } from '../../local/clock';
import { startTestHub, type TestHub } from '../../local/functions/testing';
import { followHandler } from '../../src/triggers/follow';
import { createActivities } from '../../src/run/activities';
import type { Batch } from '../../src/run/ports';
import type { RunInput, RunRecord } from '../../src/run/run';
import { asActivity } from '../../src/run/steps';
import { type WorkloadDeclaration } from '../../src/workload/workload';
import { runWorkflow } from '../../src/run/workflow';
import { MemoryFiles } from '../memory-files';
import { PacedBatch, type Pacing } from './paced-batch';
import { runIdOf } from '../../src/run/names';
import { checkWorkloads } from '../../src/workload/check-workloads';

/** The orchestrator and its activities on the real engine, with a clock that is stepped. */

export const START = '2030-01-01T02:00:00.000Z';

export interface Stage {
  readonly hub: TestHub;
  readonly clock: SteppedClock;
  /** What the first run has of Batch. */
  readonly batch: PacedBatch;
  /** What the run of that id has. */
  readonly batchOf: (runId: string) => PacedBatch;
  readonly files: MemoryFiles;
  run(workload: string, key?: string): Promise<RunRecord>;
  begin(workload: string, key?: string): Promise<string>;
  end(runId: string): Promise<RunRecord>;
}

/** Opens a stage, which is closed after its test. */
export function stageForEach(afterEach: (close: () => Promise<void>) => void) {
  let open: TestHub | undefined;
  afterEach(async () => {
    await open?.close();
    open = undefined;
  });
  return async (
    declarations: readonly WorkloadDeclaration[],
    pacing: Partial<Pacing> = {},
  ): Promise<Stage> => {
    const stage = await openStage(declarations, pacing);
    open = stage.hub;
    return stage;
  };
}

async function openStage(
  declarations: readonly WorkloadDeclaration[],
  pacing: Partial<Pacing>,
): Promise<Stage> {
  const clock = new SteppedClock(START);
  const files = new MemoryFiles();
  const workloads = checkWorkloads(declarations);
  const programsFolder = newProgramsFolder();
  mkdirSync(join(programsFolder, 'whole', 'programs'), { recursive: true });
  writeFileSync(join(programsFolder, 'whole', 'programs', 'work.mjs'), '// work');

  const { first, batchOf, account } = accounts(() => new PacedBatch(clock, pacing));
  const secrets = { read: async (name: string) => `value of ${name}` };
  const ports = { batch: account, files, secrets };
  const activities = createActivities({ ...ports, workloads, programsFolder });
  const hub = await startTestHub({
    clock,
    register: () => {
      df.app.orchestration('run', runWorkflow(workloads));
      df.app.activity('startFollowers', {
        extraInputs: [df.input.durableClient()],
        handler: followHandler(ports, workloads),
      });
      for (const [name, activity] of Object.entries(activities)) {
        df.app.activity(name, { handler: asActivity<unknown>(activity) });
      }
    },
  });

  const begin = async (workload: string, key = 'a'): Promise<string> => {
    const occurrence = { kind: 'request', key } as const;
    const runId = runIdOf(workload, occurrence);
    const journey: RunInput = { request: { workload, occurrence, parameters: {} } };
    await hub.start('run', runId, journey);
    return runId;
  };
  const end = async (runId: string) => (await hub.runToEnd(runId)).output as RunRecord;
  const run: Stage['run'] = async (workload, key) => end(await begin(workload, key));
  return { hub, clock, batch: first, batchOf, files, begin, end, run };
}

/** How long a run took, by its record. */
export function minutesIn(record: RunRecord): number {
  return (Date.parse(record.endedAt) - Date.parse(record.startedAt)) / 60_000;
}

/** Empty, and gone when the test is over. */
export function newProgramsFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-programs-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A paced account holds the pool and the job of one run: each run gets its own. */
function accounts(open: () => PacedBatch) {
  const first = open();
  const byRun = new Map<string, PacedBatch>();
  const batchOf = (runId: string): PacedBatch => {
    const known = byRun.get(runId) ?? (byRun.size === 0 ? first : open());
    byRun.set(runId, known);
    return known;
  };
  const account = new Proxy<Batch>(first, {
    get(_first, name) {
      return (...values: unknown[]): unknown => {
        const [what] = values;
        // A pool or a job, or the id of either: all of a run have the run's own id.
        const id = typeof what === 'object' && what !== null && 'id' in what ? what.id : what;
        const batch = typeof id === 'string' ? batchOf(id) : first;
        return Reflect.apply(Reflect.get(batch, name, batch) as () => unknown, batch, values);
      };
    },
  });
  return { first, batchOf, account };
}
