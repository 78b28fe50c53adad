import { coresOf } from '../workload/vm-sizes';
import type { Workloads } from '../workload/workload';
import { App } from './app';
import { BatchModel } from './batch-model';
import { GENTLE, type BatchWeather, type Node, type Pool, type Task } from './batch-state';
import { Chance } from './chance';
import type { Agenda } from './clock';
import { Diary, type EndedOccurrence } from './diary';
import { FilesModel } from './files-model';
import { INPUTS, manifestOf, minutesOfTask, rehearsedWorkloads } from './rehearsed-workload';
import type { RehearsalPlan } from './rehearsal-plan';
import type { Tally } from './tally';
import { TableModel } from './table-model';

/** Times of a node as Azure has them on most days. */
const WEATHER: BatchWeather = {
  ...GENTLE,
  allocationSeconds: 180,
  bootSeconds: 90,
  bootSpread: 0,
  setupSeconds: 90,
  leavingSeconds: 60,
  samplesReadyTasks: true,
};

/** Nodes of an existing pool, which has room for all. */
const EXISTING_NODES = 20;

/** The parts of a rehearsal that look at one another. */
export interface Stage {
  readonly agenda: Agenda;
  readonly app: App;
  readonly batch: BatchModel;
  readonly files: FilesModel;
  readonly table: TableModel;
  readonly diary: Diary;
  /** Occurrences that are final and not forgotten yet, oldest end first. */
  readonly ended: EndedOccurrence[];
}

const APP = 'app';

export function openStage(plan: RehearsalPlan, agenda: Agenda, tally: Tally): Stage {
  const workloads = rehearsedWorkloads(plan.workloads);
  const ended: EndedOccurrence[] = [];
  const diary = new Diary(
    agenda,
    (occurrence) => tally.noteStart(occurrence, agenda.now, diary.activeRuns),
    (occurrence) => {
      ended.push(occurrence);
      tally.noteEnd(occurrence, diary.activeRuns);
    },
  );
  const files = new FilesModel(APP, agenda);
  files.put(INPUTS, 'input', 'content');
  const noted = { agenda, diary, tally };
  const batch = openBatch(plan, files, accountOf(plan, workloads, noted), agenda);
  const table = new TableModel(diary);
  const app: App = new App({
    id: APP,
    agenda,
    workloads,
    batch,
    files,
    table,
    schedules: plan.schedules,
    limits: plan.limits,
    reach: (_life, _name, port) => port,
    readSecret: async () => 'secret',
    hub: {
      ...NO_FAULTS,
      broken: (rule, detail) => app.warnings.push(`${rule}: ${detail}`),
    },
  });
  return { agenda, app, batch, files, table, diary, ended };
}

const CHANCE = new Chance(1);

const NO_FAULTS = {
  chance: CHANCE,
  checkpoint: () => 'stored' as const,
  delivery: () => null,
  replayShare: 0,
  timerLateness: () => 0,
  startLateness: () => 0,
  stored: () => undefined,
};

function openBatch(
  { workloads }: RehearsalPlan,
  files: FilesModel,
  given: ReturnType<typeof accountOf>,
  agenda: Agenda,
): BatchModel {
  const batch = new BatchModel({
    agenda,
    chance: CHANCE,
    weather: WEATHER,
    shortages: [],
    storage: new Map([[APP, files]]),
    manifests: Object.fromEntries([...workloads].map(([name, one]) => [name, manifestOf(one)])),
    given,
    forgets: true,
  });
  for (const { pool } of workloads.values()) {
    if (pool.existing !== undefined) plant(batch, pool.existing);
  }
  return batch;
}

function plant(batch: BatchModel, id: string): void {
  if (batch.pools.has(id.toLowerCase())) return;
  const pool = batch.addPool(id, { app: null, owner: null }, null);
  batch.changeFormula(
    pool,
    `$TargetDedicatedNodes = ${EXISTING_NODES};\n$NodeDeallocationOption = taskcompletion;`,
  );
}

interface Noted {
  readonly agenda: Agenda;
  readonly diary: Diary;
  readonly tally: Tally;
}

/** Durations, the Spot quota over all pools of the app, and the count of their nodes. */
function accountOf(plan: RehearsalPlan, workloads: Workloads, { agenda, diary, tally }: Noted) {
  const { spotQuota, minutes } = plan;
  const weightOf = ({ spec }: Pool) =>
    spotQuota?.of === 'nodes' ? 1 : (coresOf(spec?.vmSize ?? '') ?? 1);
  let used = 0;
  const noteShort = (pool: Pool, room: number) => {
    const found = diary.open.get(pool.owner?.runId ?? '');
    if (found !== undefined && room < spotNodesMissing(pool)) found.shortSince ??= agenda.now;
  };
  return {
    minutesOf: (task: Task) => {
      const workload = workloads.get(task.job.owner?.workload ?? '');
      if (workload === undefined) return null;
      return minutesOfTask(workload.work, task, minutes[workload.name] ?? 1);
    },
    roomFor: (pool: Pool) => {
      if (spotQuota === null) return Infinity;
      const room = Math.max(0, Math.floor((spotQuota.limit - used) / weightOf(pool)));
      noteShort(pool, room);
      return room;
    },
    countNode: (pool: Pool, node: Node, change: 1 | -1) => {
      if (pool.app === null) return;
      if (node.isSpot) used += change * weightOf(pool);
      const found = diary.open.get(pool.owner?.runId ?? '');
      if (change > 0 && found !== undefined && found.shortSince !== null) {
        found.shortUntil ??= agenda.now;
      }
      tally.countNode(change, agenda.now);
    },
  };
}

function spotNodesMissing({ target, nodes }: Pool): number {
  let there = 0;
  for (const { isSpot, state } of nodes.values()) if (isSpot && state !== 'leaving') there += 1;
  return target.spot - there;
}

/** The app has nothing under way: no occurrence that is not final, no orchestration, no pool, no job. */
export function isIdle({ app, batch, diary }: Stage): boolean {
  if (diary.open.size > 0 || batch.jobs.size > 0 || app.deliveries.size > 0) return false;
  for (const { app: maker, spec } of batch.pools.values()) {
    if (maker !== null && (spec?.retainedUntil ?? null) === null) return false;
  }
  return true;
}
