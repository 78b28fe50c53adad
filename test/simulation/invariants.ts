import { billOf } from '../../src/rehearse/batch-nodes';
import { TASKS, SECRET, SHARED_POOL } from '../../src/rehearse/catalogue';
import { hasEnded } from '../../src/rehearse/engine';
import type { Played } from '../../src/rehearse/play';
import { estimateOf } from '../../src/run/forecast/estimate';
import { implausible } from './causes';
import { hasFault, runsOf, storageIsAwayTooLong, turnOf, was, type RunFacts } from './facts';

/**
 * What has to hold in every world, whatever happens in it and in whatever order. A row that the
 * product is known not to keep yet says why; it is checked on request alone.
 */
export interface Invariant {
  /** Of the twelve, with a letter where one is checked in parts. */
  readonly id: string;
  readonly name: string;
  readonly holds: boolean;
  readonly why?: string;
  readonly check: (world: Played, runs: readonly RunFacts[]) => readonly string[];
}

export interface Violation {
  readonly id: string;
  readonly name: string;
  readonly details: readonly string[];
}

export const invariants: readonly Invariant[] = [
  { id: '1', name: 'one occurrence has one job at most', holds: true, check: oneJob },
  { id: '2a', name: 'every run that was started ends in a record', holds: true, check: recorded },
  {
    id: '2b',
    name: 'every occurrence leaves a trace, the missed and lost ones too',
    holds: false,
    why: 'a due time at which no host was up, a failed timer and a lost event leave nothing',
    check: missed,
  },
  {
    id: '2c',
    name: 'a run whose instance was terminated or purged ends in a record',
    holds: false,
    why: 'nothing writes the record of a run whose instance is gone',
    check: (_, runs) => withoutRecord(runs.filter((run) => was(run, 'terminate', 'purge'))),
  },
  {
    id: '2d',
    name: 'a run ends in a record although storage was away for hours or refused',
    holds: false,
    why: 'the last step gives up after three hours, and at once when it is denied',
    check: (world, runs) =>
      storageIsAwayTooLong(world)
        ? withoutRecord(runs.filter((run) => !was(run, 'terminate', 'purge')))
        : [],
  },
  { id: '2e', name: 'what follows a run that succeeded is started', holds: true, check: followed },
  { id: '3', name: 'nothing that costs money is left in the end', holds: true, check: leftovers },
  {
    id: '4a',
    name: 'the bill of a run stays under the cap that was printed',
    holds: true,
    check: underCap,
  },
  {
    id: '4b',
    name: 'the node-minutes of a record are those of the bill',
    holds: true,
    check: billed,
  },
  {
    id: '5',
    name: 'the tasks that were submitted are the planned ones',
    holds: true,
    check: planned,
  },
  { id: '6', name: 'the merge runs once, after all other tasks', holds: true, check: merged },
  { id: '7', name: 'a success has its results', holds: true, check: verified },
  { id: '8a', name: 'a failure says its cause', holds: true, check: caused },
  {
    id: '8b',
    name: 'the cause of a failure is one that the world has',
    holds: true,
    check: implausible,
  },
  {
    id: '8c',
    name: 'without a fault every run succeeds or is skipped',
    holds: true,
    check: faultless,
  },
  { id: '9a', name: 'what no app made is left alone', holds: true, check: foreign },
  {
    id: '9b',
    name: 'an app leaves alone what another app made',
    holds: false,
    why: 'the owner in the metadata names the run, not the app',
    check: ({ batch }) =>
      batch.touched.flatMap(({ by, kind, id, madeBy }) =>
        madeBy === null ? [] : [`app ${by} changed ${kind} ${id} of app ${madeBy}`],
      ),
  },
  {
    id: '10a',
    name: 'runs of one workload overlap only where it allows that',
    holds: true,
    check: apart,
  },
  {
    id: '10b',
    name: 'a run that is dead keeps no other from its turn',
    holds: false,
    why: 'the lock of a run that was terminated is released six hours after its deadline',
    check: deadLocks,
  },
  {
    id: '11',
    name: 'no secret is in a history, a status, a record or an object of Batch',
    holds: true,
    check: secrets,
  },
  {
    id: '12a',
    name: 'no generation of a history has more than 200 rows',
    holds: false,
    why: 'only the watch continues as new; clean-up and retries of a step do not',
    check: ({ broken }) => broken.filter(({ rule }) => rule === 'rows').map(({ detail }) => detail),
  },
  {
    id: '12b',
    name: 'a replay decides what was decided before, and payloads are small',
    holds: true,
    check: ({ broken }) =>
      broken
        .filter(({ rule }) => ['replay', 'payload', 'status'].includes(rule))
        .map(({ rule, detail }) => `${rule}: ${detail}`),
  },
];

/** Rows that are broken; those that do not hold yet only when asked for. */
export function violationsIn(
  world: Played,
  rows = invariants.filter(({ holds }) => holds),
): Violation[] {
  const runs = runsOf(world);
  return rows.flatMap(({ id, name, check }) => {
    const details = check(world, runs);
    return details.length === 0 ? [] : [{ id, name, details }];
  });
}

function oneJob(world: Played, runs: readonly RunFacts[]): string[] {
  const found = runs.flatMap((run) => {
    if (run.jobs.length <= 1 || was(run, 'deletion', 'stopAll', 'terminate', 'purge')) return [];
    return world.apps.length > 1 ? [] : [`${run.runId} had ${run.jobs.length} jobs`];
  });
  const seen = new Set<string>();
  for (const { app, runId, request } of runs) {
    const key = JSON.stringify([app.id, request.workload, request.occurrence]);
    if (seen.has(key)) found.push(`${runId} has the occurrence of another run`);
    seen.add(key);
  }
  return found;
}

function withoutRecord(runs: readonly RunFacts[]): string[] {
  return runs
    .filter(({ record }) => record === null)
    .map(
      ({ runId, instance }) =>
        `${runId} has no record (${instance?.state ?? 'purged'}: ${instance?.output?.slice(0, 150) ?? ''})`,
    );
}

function recorded(world: Played, runs: readonly RunFacts[]): string[] {
  const found = storageIsAwayTooLong(world)
    ? []
    : withoutRecord(runs.filter((run) => !was(run, 'terminate', 'purge')));
  for (const { plan, status } of world.occurrences) {
    const isStarted = runs.some(
      ({ app, request }) => app.id === plan.app && isOf(request.occurrence, plan.key, plan.at),
    );
    if (status === 'accepted' && !isStarted) found.push(`${plan.key} was accepted and has no run`);
  }
  return found;
}

function isOf(occurrence: RunFacts['request']['occurrence'], key: string, at: number): boolean {
  switch (occurrence.kind) {
    case 'schedule':
      return Date.parse(occurrence.due) === at;
    case 'blob':
      return occurrence.name === key;
    case 'request':
      return occurrence.key === key;
    case 'after':
      return false;
  }
}

function missed({ occurrences }: Played): string[] {
  return occurrences
    .filter(
      ({ status, plan, etag }) =>
        status === 'missed' ||
        status === 'lost' ||
        (plan.kind === 'blob' && status === 'waiting' && etag !== ''),
    )
    .map(({ plan, status, reason }) => `${plan.key} was ${status} ${reason}`);
}

function followed(world: Played, runs: readonly RunFacts[]): string[] {
  return runs.flatMap(({ app, runId, workload, record }) => {
    if (workload.name !== 'nightly' || record?.outcome.kind !== 'succeeded') return [];
    if (record.followers.some(({ cause }) => cause !== undefined)) return [];
    const follows = runs.some(
      ({ app: other, request: { occurrence } }) =>
        other === app && occurrence.kind === 'after' && occurrence.runId === runId,
    );
    return follows ? [] : [`nothing follows ${runId}`];
  });
}

function leftovers({ apps, batch }: Played): string[] {
  const found: string[] = [];
  for (const { app, id, spec, nodes, isDeleting } of batch.pools.values()) {
    if (app === null) continue;
    const isRetained = (spec?.retainedUntil ?? null) !== null;
    if (!isRetained && !isDeleting) found.push(`pool ${id}`);
    if (isRetained && nodes.size > 0) found.push(`${nodes.size} nodes of the retained pool ${id}`);
  }
  for (const { app, id, isDeleting } of batch.jobs.values()) {
    if (app !== null && !isDeleting) found.push(`job ${id}`);
  }
  for (const { hub, parts } of apps) {
    for (const [name, { labels }] of parts.files.containers) {
      if (name.endsWith('-in') && 'nightshiftrun' in labels) found.push(`container ${name}`);
    }
    for (const instance of hub.instances.values()) {
      if (!hasEnded(instance)) found.push(`run ${instance.id} (${instance.customStatus ?? ''})`);
    }
  }
  return found;
}

function underCap({ agenda }: Played, runs: readonly RunFacts[]): string[] {
  return runs.flatMap(({ runId, workload, pools }) => {
    const cap = estimateOf([], workload, false).capNodeMinutes;
    const bill = pools
      .filter(({ spec }) => spec?.retainedUntil === null)
      .reduce((sum, pool) => sum + billOf(pool, agenda.now), 0);
    return bill <= cap ? [] : [`${runId} was billed ${bill.toFixed()} node-minutes, above ${cap}`];
  });
}

/** Looked at every few minutes, and not at all during an outage: faultless worlds alone are compared. */
function billed({ plan, agenda }: Played, runs: readonly RunFacts[]): string[] {
  if (plan.faults.length > 0 || plan.apps.length > 1) return [];
  return runs.flatMap(({ runId, record, pools }) => {
    const [pool] = pools;
    if (record === null || pool === undefined || pool.spec?.retainedUntil !== null) return [];
    const bill = billOf(pool, agenda.now);
    const off = Math.abs(bill - record.nodeMinutes);
    return off <= 4 + bill * 0.15
      ? []
      : [`${runId} says ${record.nodeMinutes} node-minutes and was billed ${bill.toFixed(1)}`];
  });
}

function planned(_: Played, runs: readonly RunFacts[]): string[] {
  return runs.flatMap(({ runId, request, workload, record, jobs }) => {
    const job = jobs.at(-1);
    if (job === undefined) return [];
    const { work } = workload;
    const tasks = [...job.tasks.values()].filter(({ isManager }) => !isManager);
    const hasMerge = work.kind !== 'whole' && work.merge !== undefined;
    const wanted = (TASKS[request.workload] ?? 0) + (hasMerge ? 1 : 0);
    const found: string[] = [];
    if (record?.outcome.kind === 'succeeded' && tasks.length !== wanted) {
      found.push(`${runId} succeeded with ${tasks.length} tasks of ${wanted}`);
    }
    if (tasks.length > wanted)
      found.push(`${runId} has ${tasks.length} tasks, planned were ${wanted}`);
    const units = tasks.map(({ spec }) =>
      JSON.stringify([
        spec.environment,
        spec.resourceFiles.map((file) => ('url' in file ? file.path : file.prefix)),
      ]),
    );
    if (work.kind === 'sweep' && work.chunk === 1 && new Set(units).size !== units.length) {
      found.push(`${runId} has a unit twice`);
    }
    return found;
  });
}

function merged(_: Played, runs: readonly RunFacts[]): string[] {
  return runs.flatMap(({ runId, jobs }) =>
    jobs.flatMap((job) => {
      const merge = job.tasks.get('merge');
      if (merge === undefined || merge.startedAt === 0) return [];
      const early =
        merge.unfinishedAtStart > 0
          ? [`the merge of ${runId} began before ${merge.unfinishedAtStart} tasks had ended`]
          : [];
      return merge.timesDone > 1
        ? [...early, `the merge of ${runId} ran ${merge.timesDone} times`]
        : early;
    }),
  );
}

function verified(world: Played, runs: readonly RunFacts[]): string[] {
  return runs.flatMap(({ app, runId, workload, record, jobs, ...run }) => {
    if (record?.outcome.kind !== 'succeeded') return [];
    const found: string[] = [];
    if (
      workload.keepOutputsDays > 0 &&
      !was({ ...run, app, runId, workload, record, jobs }, 'collision')
    ) {
      for (const name of workload.results) {
        const text = app.parts.files.text(record.outputContainer, `results/${name}`);
        if ((text ?? '') === '') found.push(`${runId} succeeded without ${name}`);
      }
    }
    const tasks = [...(jobs.at(-1)?.tasks.values() ?? [])];
    const lost = tasks.filter(({ state, isManager }) => state === 'failed' && !isManager).length;
    if (lost > tolerated(workload, tasks.length))
      found.push(`${runId} succeeded although ${lost} tasks did not`);
    if (jobs.length === 0 && (TASKS[workload.name] ?? 0) > 0 && record.tasks.succeeded > 0) {
      found.push(`${runId} counts tasks and had no job`);
    }
    if (record.tasks.active + record.tasks.running > lost)
      found.push(`${runId} succeeded with tasks unfinished`);
    return found;
  });
}

function tolerated({ work }: RunFacts['workload'], tasks: number): number {
  if (work.kind === 'whole') return 0;
  const share = work.merge === undefined ? work.tolerateFailed : 1 - work.merge.quorum;
  return Math.floor(tasks * share + 1e-6);
}

function caused(_: Played, runs: readonly RunFacts[]): string[] {
  return runs.flatMap(({ runId, record }) => {
    if (record === null || record.outcome.kind === 'succeeded') return [];
    const { code, cause } = record.outcome;
    if (code === 'internal') return [`${runId} failed by a bug: ${cause}`];
    return cause.trim() === '' ? [`${runId} failed without a cause`] : [];
  });
}

function faultless({ plan, occurrences }: Played, runs: readonly RunFacts[]): string[] {
  if (plan.faults.length > 0 || plan.apps.length > 1) return [];
  const bad = runs.flatMap(({ runId, record, workload }) => {
    const kind = record?.outcome.kind ?? 'nothing';
    const mayBe =
      workload.overlap === 'replace'
        ? ['succeeded', 'skipped', 'cancelled']
        : ['succeeded', 'skipped'];
    return mayBe.includes(kind) ? [] : [`${runId} ended as ${JSON.stringify(record?.outcome)}`];
  });
  const unheard = occurrences
    .filter(({ status }) => status !== 'accepted')
    .map(({ plan, reason }) => `${plan.key} was not accepted: ${reason}`);
  return [...bad, ...unheard];
}

function foreign({ batch, apps, interference, plan }: Played): string[] {
  const found = batch.touched
    .filter(({ madeBy }) => madeBy === null)
    .map(({ by, kind, id }) => `app ${by} changed ${kind} ${id}`);
  const shared = batch.pools.get(SHARED_POOL);
  if (
    plan.apps.some(({ workloads }) => workloads.includes('guest')) &&
    shared?.isDeleting !== false
  ) {
    found.push('the shared pool is gone');
  }
  for (const { kind, app: id, what } of interference) {
    if (kind !== 'collision') continue;
    const files = apps.find((app) => app.id === id)?.parts.files;
    for (const name of [`run-${what}-in`, `run-${what}-out`]) {
      const removed = files?.removed.some((one) => one.name === name) === true;
      const labels = files?.containers.get(name)?.labels;
      if (
        removed &&
        labels === undefined &&
        plan.faults.some(
          (fault) =>
            fault.kind === 'collision' &&
            `run-${what}-${fault.of === 'staging' ? 'in' : 'out'}` === name &&
            (fault.of === 'staging' || fault.of === 'outputs'),
        )
      ) {
        found.push(`container ${name} of somebody is gone`);
      }
    }
  }
  return found;
}

function apart(world: Played, runs: readonly RunFacts[]): string[] {
  const found: string[] = [];
  const closed = runs.filter(({ workload }) => workload.overlap !== 'allow');
  for (const [index, one] of closed.entries()) {
    for (const other of closed.slice(index + 1)) {
      if (one.app !== other.app || one.workload !== other.workload) continue;
      const [first, second] = [turnOf(one), turnOf(other)];
      if (first === null || second === null) continue;
      if (first[0] < second[1] && second[0] < first[1]) {
        found.push(
          `${one.runId} (${first.join(' to ')}) overlaps ${other.runId} (${second.join(' to ')})`,
        );
      }
    }
  }
  return found;
}

function deadLocks(_: Played, runs: readonly RunFacts[]): string[] {
  const dead = new Set(runs.filter(({ record }) => record === null).map(({ runId }) => runId));
  return runs.flatMap(({ runId, record }) => {
    if (record?.outcome.kind !== 'skipped') return [];
    const holder = /run (\S+)/.exec(record.outcome.cause)?.[1] ?? '';
    return dead.has(holder) ? [`${runId} was skipped for ${holder}, which is dead`] : [];
  });
}

function secrets({ broken, batch, apps }: Played): string[] {
  const found = broken.filter(({ rule }) => rule === 'secret').map(({ detail }) => detail);
  for (const { id, spec, tasks } of batch.allJobs) {
    const shown = [
      spec?.environment,
      ...[...tasks.values()].map((task) => [task.spec.environment, task.spec.command]),
    ];
    if (JSON.stringify(shown).includes(SECRET)) found.push(`job ${id} shows a secret`);
  }
  for (const { parts, warnings } of apps) {
    if (warnings.some((line) => line.includes(SECRET)))
      found.push(`the log of app ${parts.id} shows a secret`);
    for (const [name, { text }] of parts.files.containers.get('runs')?.blobs ?? []) {
      if (text.includes(SECRET)) found.push(`the blob runs/${name} shows a secret`);
    }
  }
  return found;
}

export { hasFault };
