import type { Job } from '../../src/rehearse/batch-state';
import { TASKS } from '../../src/rehearse/catalogue';
import type { Played } from '../../src/rehearse/play';
import { was, type RunFacts } from './facts';

/** Checks of the work: the set of tasks, the merge, what a success is worth. */

type Runs = readonly RunFacts[];

export function planned(_: Played, runs: Runs): string[] {
  return runs.flatMap(({ runId, request, workload, record, jobs }) => {
    const job = jobs.at(-1);
    if (job === undefined) return [];
    const { work } = workload;
    const tasks = [...job.tasks.values()].filter(({ isManager }) => !isManager);
    const hasMerge = work.kind !== 'whole' && work.merge !== undefined;
    const wanted = (TASKS[request.workload] ?? 0) + (hasMerge ? 1 : 0);
    const found: string[] = [];
    if (tasks.length > wanted) {
      found.push(`${runId} has ${tasks.length} tasks, planned were ${wanted}`);
    }
    if (record?.outcome.kind !== 'succeeded') return found;
    if (tasks.length !== wanted) {
      found.push(`${runId} succeeded with ${tasks.length} tasks of ${wanted}`);
    }
    return [...found, ...wrongUnits(runId, workload.name, job)];
  });
}

/** Every unit once, and the edges of the graph. */
function wrongUnits(runId: string, workload: string, job: Job): string[] {
  const tasks = [...job.tasks.values()].filter(
    ({ spec, isManager }) => !isManager && spec.id !== 'merge',
  );
  const seeds = new Set(tasks.map(({ spec }) => spec.environment['SEED'] ?? spec.id));
  const units = tasks.reduce((sum, { spec }) => sum + Number(spec.environment['UNITS'] ?? 0), 0);
  const found: string[] = [];
  if (seeds.size !== tasks.length) found.push(`${runId} has a unit twice`);
  if (workload === 'chunks' && units !== 8) found.push(`${runId} has ${units} units of 8`);
  if (workload === 'graph' && job.tasks.get('d')?.spec.dependsOn.length !== 2) {
    found.push(`${runId} lost what its tasks wait for`);
  }
  return found;
}

export function merged(_: Played, runs: Runs): string[] {
  return runs.flatMap(({ runId, jobs }) =>
    jobs.flatMap((job) => {
      const merge = job.tasks.get('merge');
      if (merge === undefined || merge.startedAt === 0) return [];
      const { unfinishedAtStart, timesDone } = merge;
      return [
        ...(unfinishedAtStart > 0
          ? [`the merge of ${runId} began before ${unfinishedAtStart} tasks had ended`]
          : []),
        ...(timesDone > 1 ? [`the merge of ${runId} ran ${timesDone} times`] : []),
      ];
    }),
  );
}

export function verified({ apps }: Played, runs: Runs): string[] {
  return runs.flatMap((run) => {
    const { runId, record } = run;
    if (record?.outcome.kind !== 'succeeded' || apps.length > 1) return [];
    const found = was(run, 'collision') ? [] : missingResults(run);
    const tasks = [...(run.jobs.at(-1)?.tasks.values() ?? [])];
    const lost = tasks.filter(({ state, isManager }) => state === 'failed' && !isManager).length;
    if (lost > tolerated(run, tasks.length)) {
      found.push(`${runId} succeeded although ${lost} tasks did not`);
    }
    if (tasks.length === 0 && record.tasks.succeeded > 0) {
      found.push(`${runId} counts tasks and had no job`);
    }
    if (record.tasks.active + record.tasks.running > lost) {
      found.push(`${runId} succeeded with tasks unfinished`);
    }
    return found;
  });
}

function missingResults({ app, runId, workload, record }: RunFacts): string[] {
  if (record === null || workload.keepOutputsDays === 0) return [];
  const listed = new Set(record.results.map(({ name }) => name));
  return workload.results.flatMap((name) => {
    const text = app.parts.files.text(record.outputContainer, `results/${name}`) ?? '';
    if (text === '') return [`${runId} succeeded without ${name}`];
    return listed.has(`results/${name}`) ? [] : [`${runId} does not list ${name}`];
  });
}

function tolerated({ workload: { work } }: RunFacts, tasks: number): number {
  if (work.kind === 'whole') return 0;
  const share = work.merge === undefined ? work.tolerateFailed : 1 - work.merge.quorum;
  return Math.floor(tasks * share + 1e-6);
}
