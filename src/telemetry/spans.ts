import { createHash } from 'node:crypto';
import { plainText, redact, truncate } from '../failure';
import type { OccurrenceRow } from '../ledger/rows';
import type { TaskView } from '../run/finish/reads';
import type { Milestone, Occurrence } from '../run/run';

/** The trace of a run: one span for the run, one for each of its phases, one for each task. Pure. */

export type AttributeValue = string | number | boolean;

export interface SpanRef {
  readonly traceId: string;
  readonly spanId: string;
}

export interface SpanData extends SpanRef {
  /** Null for the span of the run. */
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** The message of a failed run or task; null for any other. */
  readonly error: string | null;
  /** Runs that led to this one. */
  readonly links: readonly SpanRef[];
}

export interface EndedRun {
  readonly row: OccurrenceRow;
  readonly timeline: readonly Milestone[];
  readonly tasks: readonly TaskView[];
}

/** Bounds the size of an export, which the end of the run waits for. */
export const MAX_TASK_SPANS = 1000;

export function spansOf(run: EndedRun): readonly SpanData[] {
  const { tasks } = run;
  const phases = phaseSpans(run);
  const parent = phases.find(({ name }) => name === 'watching') ?? rootRef(run.row.runId);
  // Failed tasks are among the spans, however many tasks there are.
  const started = tasks.filter(({ startedAt }) => startedAt !== null);
  const shown = started
    .toSorted((one, other) => Number(other.state === 'failed') - Number(one.state === 'failed'))
    .slice(0, MAX_TASK_SPANS);
  return [
    rootSpan(run, shown.length),
    ...phases,
    ...shown.map((task) => taskSpan(run, task, parent)),
  ];
}

/**
 * Derived from the run id, which is different for each attempt, so that every host makes the same ids and
 * a trace can name another.
 */
function traceIdOf(runId: string): string {
  return hash('trace', runId).slice(0, 32);
}

function refOf(runId: string, kind: 'run' | 'phase' | 'task', id = ''): SpanRef {
  return { traceId: traceIdOf(runId), spanId: hash('span', runId, kind, id).slice(0, 16) };
}

export function rootRef(runId: string): SpanRef {
  return refOf(runId, 'run');
}

function hash(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}

function rootSpan({ row, tasks }: EndedRun, taskSpans: number): SpanData {
  const { runId, workload, knownAt, startedAt, retryOf } = row;
  const endedAt = endOf(row);
  const begin = startedAt !== null && startedAt < knownAt ? startedAt : knownAt;
  const before = [...(retryOf === undefined ? [] : [retryOf]), ...runsBefore(row.occurrence)];
  return {
    ...rootRef(runId),
    parentSpanId: null,
    name: `run ${workload}`,
    startedAt: begin,
    endedAt: latest(begin, endedAt),
    attributes: withoutNulls({
      ...attributesOf(row),
      'nightshift.tasks': tasks.length,
      'nightshift.tasks.in_trace': taskSpans,
    }),
    error: isTrouble(row) ? messageOf(row.cause) : null,
    links: before.map(rootRef),
  };
}

function isTrouble({ state }: OccurrenceRow): boolean {
  return state === 'failed' || state === 'timedOut' || state === 'missed';
}

/** No parameters, inputs or outputs: a collector may belong to someone else. */
function attributesOf(row: OccurrenceRow): Readonly<Record<string, AttributeValue | null>> {
  const { occurrence } = row;
  return {
    'nightshift.run.id': row.runId,
    'nightshift.workload': row.workload,
    'nightshift.outcome': row.state,
    'nightshift.code': row.code,
    'nightshift.occurrence': occurrence.kind,
    'nightshift.due': 'due' in occurrence ? occurrence.due : null,
    'nightshift.attempt': row.attempt,
    'nightshift.node_minutes': row.nodeMinutes,
    'nightshift.dedicated_minutes': row.dedicatedMinutes ?? null,
    'nightshift.evictions': row.preemptions ?? null,
    'nightshift.cost': row.cost,
    'nightshift.vm_size': row.vmSize ?? null,
  };
}

function runsBefore(occurrence: Occurrence): readonly string[] {
  if (occurrence.kind === 'after') return [occurrence.runId];
  return occurrence.kind === 'afterAll' ? Object.values(occurrence.runs) : [];
}

/** The time in the queue, then each phase from its milestone to the next one. */
function phaseSpans({ row, timeline }: EndedRun): readonly SpanData[] {
  const { knownAt, startedAt } = row;
  const ended = endOf(row);
  const queued =
    startedAt !== null && startedAt > knownAt
      ? [phaseSpan(row, 'queued', { name: 'queued', from: knownAt, to: startedAt })]
      : [];
  const phases = timeline.flatMap(({ phase, at }, index) => {
    const to = timeline[index + 1]?.at ?? ended;
    // A phase that is entered again is another span.
    return phase === 'ended'
      ? []
      : [phaseSpan(row, `${phase} ${index}`, { name: phase, from: at, to })];
  });
  return [...queued, ...phases];
}

interface Stretch {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

function phaseSpan({ runId }: OccurrenceRow, id: string, { name, from, to }: Stretch): SpanData {
  return {
    ...refOf(runId, 'phase', id),
    parentSpanId: rootRef(runId).spanId,
    name,
    startedAt: from,
    endedAt: latest(from, to),
    attributes: {},
    error: null,
    links: [],
  };
}

/** The latest execution of a task. One that was cut off ends with its run. */
function taskSpan({ row }: EndedRun, task: TaskView, parent: SpanRef): SpanData {
  const { id, state, exitCode, node, retries, requeues } = task;
  const startedAt = task.startedAt ?? endOf(row);
  return {
    ...refOf(row.runId, 'task', id),
    parentSpanId: parent.spanId,
    name: 'task',
    startedAt,
    endedAt: latest(startedAt, task.endedAt ?? endOf(row)),
    attributes: withoutNulls({
      'nightshift.task.id': id,
      'nightshift.task.state': state,
      'nightshift.task.exit_code': exitCode,
      'nightshift.task.node': node,
      'nightshift.task.retries': retries,
      'nightshift.task.requeues': requeues,
    }),
    error: state === 'failed' ? messageOf(task.cause) : null,
    links: [],
  };
}

function endOf({ endedAt, knownAt }: OccurrenceRow): string {
  return endedAt ?? knownAt;
}

/** The clock of a node differs from that of the app: no span ends before it starts. */
function latest(one: string, other: string): string {
  return Date.parse(other) > Date.parse(one) ? other : one;
}

const MAX_MESSAGE = 500;

function messageOf(cause: string | null): string {
  return cause === null ? 'unknown' : truncate(plainText(redact(cause)), MAX_MESSAGE);
}

function withoutNulls(
  attributes: Readonly<Record<string, AttributeValue | null>>,
): Readonly<Record<string, AttributeValue>> {
  const known = Object.entries(attributes).filter(([, value]) => value !== null);
  return Object.fromEntries(known) as Record<string, AttributeValue>;
}
