import type { Send } from '../client/api';
import { hasEnded, showRun, type RunView } from '../client/runs';
import { listTasks, type TaskView } from '../client/tasks';
import { findRunId, RUN_ARGUMENT } from './find-run';
import { columnsOf, type AddCommand } from './program';
import { costText, doneOf, minuteText, phaseNames, statusNames, tookText } from './run-text';
import { addAppOptions, addJsonOption, sendFrom, type AppOptions } from './target';
import { counted, jsonLine, printable, wrapped } from './text';

interface Options extends AppOptions {
  readonly json?: true;
}

/** `nightshift show <run>` */
export const addShow: AddCommand = (program, context) => {
  const command = program
    .command('show')
    .description('Show a run: cause, parameters, tasks, timeline and cost.')
    .argument(...RUN_ARGUMENT);
  addAppOptions(addJsonOption(command)).action(async (name: string, options: Options) => {
    const send = sendFrom(context, options);
    const run = await showRun(send, await findRunId(send, name));
    if (options.json === true) return context.write(jsonLine(run));
    const failed = await failedTasks(send, run);
    context.write(runText(run, failed, columnsOf(context)));
  });
};

/** Failed tasks that are named; `nightshift logs <run>` lists all tasks. */
const MAX_NAMED = 5;

async function failedTasks(send: Send, run: RunView): Promise<readonly TaskView[]> {
  if ((run.tasks?.failed ?? 0) === 0) return [];
  return (await listTasks(send, run.runId, { status: 'failed', limit: MAX_NAMED })).tasks;
}

type Field = readonly [name: string, text: string];

const NAME_COLUMNS = 12;

function runText(run: RunView, failed: readonly TaskView[], columns: number): string {
  const fields: readonly Field[] = [
    ['run', run.runId],
    ['status', statusText(run)],
    ...fieldsOf(run),
    ...taskFields(run, failed),
    ...timeline(run),
    ...costFields(run),
    ...hints(run, failed),
  ];
  const lines = fields.flatMap(([name, text], index) => {
    const isRepeated = fields[index - 1]?.[0] === name;
    const [first = '', ...more] = wrapped(printable(text), columns - NAME_COLUMNS);
    const head = (isRepeated ? '' : name).padEnd(NAME_COLUMNS);
    return [`${head}${first}`, ...more.map((line) => `${' '.repeat(NAME_COLUMNS)}${line}`)];
  });
  return `${lines.join('\n')}\n`;
}

function statusText({ status, startedAt, endedAt }: RunView): string {
  const took = tookText(startedAt, endedAt);
  return took === '' ? statusNames[status] : `${statusNames[status]} after ${took}`;
}

function fieldsOf(run: RunView): readonly Field[] {
  const { cause, waitingFor, dueAt, startedBy, blob, attempt, retryOf, backfill } = run;
  return [
    ...field('cause', cause === null ? null : `${cause.message} [${cause.code}]`),
    ...field('waits for', waitingFor),
    ['created', `${minuteText(run.createdAt)} UTC, by ${triggerNames[run.trigger]}`],
    ...field('due', dueAt === null ? null : `${minuteText(dueAt)} UTC`),
    ...field('started by', startedBy ?? null),
    ...field('blob', blob),
    ...run.follows.map((id): Field => ['follows', id]),
    ...field('attempt', attempt === 0 ? null : `${attempt + 1}, a retry of ${retryOf ?? ''}`),
    ...field('backfill', backfill),
    ...Object.entries(run.parameters).map(([name, value]): Field => [
      'parameters',
      `${name} = ${value}`,
    ]),
  ];
}

const triggerNames: Readonly<Record<RunView['trigger'], string>> = {
  schedule: 'its schedule',
  blob: 'a blob',
  request: 'a request',
  after: 'the run that it follows',
  afterAll: 'the runs that it follows',
};

function field(name: string, text: string | null): readonly Field[] {
  return text === null ? [] : [[name, text]];
}

function taskFields(run: RunView, failed: readonly TaskView[]): readonly Field[] {
  if (run.tasks === null) return [];
  const { active, running, succeeded } = run.tasks;
  const counts = Object.entries({
    succeeded,
    failed: run.tasks.failed,
    running,
    waiting: active,
    missing: run.record?.missingTasks ?? 0,
  }).filter(([, count]) => count > 0);
  const { all } = doneOf(run.tasks);
  const states = counts.map(([state, count]) => `${count} ${state}`).join(', ');
  return [
    ['tasks', states === '' ? counted(all, 'task') : `${counted(all, 'task')}: ${states}`],
    ...failed.map((task): Field => ['failed', taskText(task)]),
  ];
}

function taskText({ id, exitCode, cause }: TaskView): string {
  const end = exitCode === null ? '' : `, exit code ${exitCode}`;
  return `${id}${end}${cause === null ? '' : `: ${cause}`}`;
}

/** Each phase with the time that it took; the last one of an active run has none yet. */
function timeline({ timeline: milestones, endedAt }: RunView): readonly Field[] {
  return milestones
    .filter(({ phase }) => phase !== 'ended')
    .map(({ phase, at }, index) => {
      const took = tookText(at, milestones[index + 1]?.at ?? endedAt);
      return ['timeline', `${took.padStart(7)}  ${phaseNames[phase] ?? phase}`.trimEnd()];
    });
}

function costFields({ nodeMinutes, cost, record }: RunView): readonly Field[] {
  const money = cost === null ? [] : [`${costText(cost)} in your currency`];
  const lost = record === null ? [] : [counted(record.preemptions, 'preemption')];
  return [
    ['cost', [counted(nodeMinutes, 'node-minute'), ...money, ...lost].join(', ')],
    ...(record?.warnings ?? []).map((text): Field => ['warning', text]),
  ];
}

function hints(run: RunView, failed: readonly TaskView[]): readonly Field[] {
  const [task] = failed;
  const results = run.record?.results.length ?? 0;
  const isRetried = hasEnded(run) && ['failed', 'timedOut', 'cancelled'].includes(run.status);
  return [
    ...field(
      'logs',
      task === undefined ? null : `nightshift logs ${run.runId} ${task.id} --stderr`,
    ),
    ...field('outputs', outputsText(run, results)),
    ...field('outputs', run.record === null ? null : `nightshift fetch ${run.runId}`),
    ...field('again', isRetried ? `nightshift retry ${run.runId}` : null),
  ];
}

function outputsText({ record }: RunView, results: number): string | null {
  if (record === null) return null;
  const until = record.outputsKeptUntil;
  const kept = until === null ? '' : `, kept until ${minuteText(until)} UTC`;
  return `${counted(results, 'result')}${kept}`;
}
