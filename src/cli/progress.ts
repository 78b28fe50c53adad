import { SingleBar } from 'cli-progress';
import { hasEnded, type RunView } from '../client/runs';
import { columnsOf, type CommandContext } from './program';
import { clockText, doneOf, nodesOf, phaseText, statusNames } from './run-text';
import { counted, printable, shortened } from './text';

/** The progress of a run: a live line in a terminal, a line for each change elsewhere. */
export interface Progress {
  readonly show: (run: RunView, elapsedSeconds: number) => void;
  readonly end: () => void;
}

export function openProgress(context: CommandContext): Progress {
  return context.terminal === null ? plainLines(context) : liveLine(context, context.terminal);
}

function plainLines({ write }: CommandContext): Progress {
  let last = '';
  return {
    show: (run, elapsedSeconds) => {
      // The command prints the end itself.
      if (hasEnded(run)) return;
      const { done, all } = doneOf(run.tasks);
      const waiting = sentenceOf(run);
      const line = [
        `${stateOf(run)}: ${done}/${all} tasks, ${counted(nodesOf(run.nodes), 'node')}`,
        ...(waiting === '' ? [] : [`waits for ${waiting}`]),
      ].join('; ');
      if (line !== last) write(`${clockText(elapsedSeconds).padStart(7)}  ${line}\n`);
      last = line;
    },
    end: () => undefined,
  };
}

const BAR_REFRESHES_PER_SECOND = 8;
const BAR_COLUMNS = 12;

function liveLine(context: CommandContext, stream: NodeJS.WriteStream): Progress {
  const bar = new SingleBar({
    format: '{before}{bar} {after}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: BAR_COLUMNS,
    fps: BAR_REFRESHES_PER_SECOND,
    hideCursor: true,
    stream,
    forceRedraw: true,
  });
  bar.start(1, 0, { before: '', after: '' });
  return {
    show: (run, elapsedSeconds) => {
      const { done, all } = doneOf(run.tasks);
      bar.setTotal(Math.max(1, all));
      bar.update(done, lineOf(run, elapsedSeconds, columnsOf(context)));
    },
    end: () => bar.stop(),
  };
}

/** The texts around the bar, which fit one line of the terminal. */
export function lineOf(run: RunView, elapsedSeconds: number, columns: number) {
  const { done, all } = doneOf(run.tasks);
  const before = `${clockText(elapsedSeconds).padStart(7)}  ${stateOf(run).padEnd(15)} `;
  const counts = `${`${done}/${all} tasks`.padEnd(11)}  ${counted(nodesOf(run.nodes), 'node')}`;
  const rest = columns - before.length - BAR_COLUMNS - 1;
  const sentence = sentenceOf(run);
  const after = sentence === '' ? counts : `${counts}  ${sentence}`;
  // The last column stays free: some terminals wrap a line that fills it.
  return { before, after: shortened(after, Math.max(counts.length, rest - 1)) };
}

function stateOf(run: RunView): string {
  return run.status === 'running' ? phaseText(run) : statusNames[run.status];
}

/** While tasks run, the sentence would repeat the counts beside it. */
function sentenceOf({ waitingFor }: RunView): string {
  return waitingFor === null || waitingFor.startsWith('tasks:') ? '' : printable(waitingFor);
}
