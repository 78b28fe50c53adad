import { SingleBar } from 'cli-progress';
import { phasesOf, type Run, type RunRecord } from './runs';
import { counted, printable } from './text';

/** The demo's output: a live line for each run in a terminal, plain lines elsewhere. */
export interface Terminal {
  print(text?: string): void;
  /** Starts to show the progress of a run. */
  follow(title: string): RunProgress;
}

export interface RunProgress {
  show(run: Run, elapsedSeconds: number): void;
  end(run: Run, elapsedSeconds: number): void;
}

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export function openTerminal(output: NodeJS.WriteStream): Terminal {
  const isTerminal = output.isTTY;
  return {
    print: (text = '') => {
      output.write(`${text}\n`);
    },
    follow: (title) => (isTerminal ? liveLine(output, title) : plainLines(output, title)),
  };
}

export const phaseNames: Readonly<Record<string, string>> = {
  admitting: 'is admitted',
  staging: 'stages inputs',
  provisioning: 'asks for a pool',
  submitting: 'submits',
  watching: 'runs tasks',
  harvesting: 'checks results',
  cleaningUp: 'cleans up',
  ended: 'ended',
};

const BAR_REFRESHES_PER_SECOND = 12;
/** Columns of the line without the sentence at its end. */
const LIVE_LINE_COLUMNS = 78;

function liveLine(output: NodeJS.WriteStream, title: string): RunProgress {
  const bar = new SingleBar({
    format: `${title.padEnd(15)} {phase} {bar} {tasks}  {nodes}  {elapsed}  {waiting}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 16,
    fps: BAR_REFRESHES_PER_SECOND,
    hideCursor: true,
    stream: output,
    forceRedraw: true,
  });
  const columns = (run: Run | null, phase: string, elapsedSeconds: number, waiting: string) => ({
    phase: phase.padEnd(15),
    tasks: tasksText(run).padEnd(11),
    nodes: nodesText(run),
    elapsed: clockText(elapsedSeconds),
    waiting: shorten(waiting, Math.max(0, (output.columns ?? 80) - LIVE_LINE_COLUMNS)),
  });
  const update = (run: Run, phase: string, elapsedSeconds: number, waiting: string) => {
    const { done, total } = tasksOf(run);
    bar.setTotal(Math.max(1, total));
    bar.update(done, columns(run, phase, elapsedSeconds, waiting));
  };
  bar.start(1, 0, columns(null, 'queued', 0, ''));
  return {
    show: (run, elapsedSeconds) => update(run, phaseOf(run), elapsedSeconds, waitingText(run)),
    end: (run, elapsedSeconds) => {
      update(run, run.status, elapsedSeconds, '');
      bar.stop();
    },
  };
}

/** While tasks are running, the sentence would repeat the counts beside it. */
function waitingText({ waitingFor }: Run): string {
  return waitingFor === null || waitingFor.startsWith('tasks:') ? '' : printable(waitingFor);
}

function phaseOf({ phase }: Run): string {
  return phaseNames[phase ?? ''] ?? 'queued';
}

function plainLines(output: Output, title: string): RunProgress {
  let last = '';
  const show = (run: Run, elapsedSeconds: number) => {
    const waiting = run.waitingFor === null ? '' : `; waiting for ${printable(run.waitingFor)}`;
    const line = `${phaseOf(run)}: ${tasksText(run)}, ${nodesText(run).trim()}${waiting}`;
    if (line === last) return;
    last = line;
    output.write(`${title.padEnd(15)} ${clockText(elapsedSeconds)}  ${line}\n`);
  };
  return {
    show,
    end: (run, elapsedSeconds) => {
      output.write(`${title.padEnd(15)} ${clockText(elapsedSeconds)}  ${run.status}\n`);
    },
  };
}

function tasksOf({ tasks }: Run): { readonly done: number; readonly total: number } {
  if (tasks === null) return { done: 0, total: 0 };
  const done = tasks.succeeded + tasks.failed;
  return { done, total: done + tasks.active + tasks.running };
}

function tasksText(run: Run | null): string {
  const { done, total } = run === null ? { done: 0, total: 0 } : tasksOf(run);
  return `${done}/${total} tasks`;
}

function nodesText(run: Run | null): string {
  const nodes = run?.nodes ?? {};
  const count = Object.entries(nodes)
    .filter(([state]) => state !== 'preempted')
    .reduce((sum, [, number]) => sum + number, 0);
  return `${count} ${count === 1 ? 'node ' : 'nodes'}`;
}

function shorten(text: string, characters: number): string {
  if (text.length <= characters) return text;
  return characters < 10 ? '' : `${text.slice(0, characters - 1)}…`;
}

function clockText(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

/** A run that has ended, as lines. Times are those of the environment's clock, not real time. */
export function formatRun(run: Run, files: readonly string[], speed: number): string[] {
  const { record } = run;
  if (record === null) return [`${run.runId}: ${run.status}`];
  return [
    `${run.runId}: ${run.status}${run.cause === null ? '' : `: ${printable(run.cause.message)}`}`,
    ...timelineOf(record).map(
      (line, index) => `  ${index === 0 ? 'timeline  ' : '          '}  ${line}`,
    ),
    `  cost        ${counted(record.nodeMinutes, 'node-minute')}, ${counted(record.preemptions, 'preemption')} (the clock ran ${speed} times as fast)`,
    `  cleaned up  ${record.cleanedUp.map(({ resource, state }) => `${resource} ${state}`).join(', ')}`,
    ...files.map(
      (file, index) => `  ${index === 0 ? 'result    ' : '          '}  ${printable(file)}`,
    ),
  ];
}

/** Each phase with its duration: `4:34  runs tasks`. */
function timelineOf(record: RunRecord): string[] {
  return phasesOf(record).map(
    ({ phase, seconds }) => `${clockText(seconds).padStart(6)}  ${phaseNames[phase] ?? phase}`,
  );
}
