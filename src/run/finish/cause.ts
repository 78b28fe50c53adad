import { plainText, redact, truncate } from '../../failure';

/** The sentences on tasks that failed, made of what Batch and the task say. Pure. */

export interface TaskFailure {
  readonly exitCode: number | null;
  /** Code, message and details of Batch. */
  readonly cause: string | null;
}

const CAUSE_CHARACTERS = 500;

/** Completes "task x …". An exit code has its meaning with it, and a reason of Batch its advice. */
export function describeFailure({ exitCode, cause }: TaskFailure): string {
  const text = cause === null ? '' : plainText(redact(cause));
  const [, code = '', detail = ''] = /^([A-Za-z]+)(?:: (.*))?$/s.exec(text) ?? [];
  const row = reasons.find(({ codes }) => codes.test(code));
  if (row !== undefined) return row.sentence(truncate(detail === '' ? code : detail, 300));
  const exit = exitCode === null || exitCode === 0 ? '' : ` with ${describeExit(exitCode)}`;
  // The message of this code says no more than that the exit code is not 0.
  if (text === '' || (exit !== '' && code === 'FailureExitCode')) return `failed${exit}`;
  return `failed${exit}: ${truncate(text, CAUSE_CHARACTERS)}`;
}

/**
 * Codes of Batch, with what they mean for a task: https://learn.microsoft.com/azure/batch/batch-job-task-error-checking.
 * The first row that applies decides.
 */
const reasons: readonly {
  readonly codes: RegExp;
  readonly sentence: (detail: string) => string;
}[] = [
  {
    // Batch reports one code for a task that exceeded its time and for one that a user terminated.
    codes: /^TaskEnded$/,
    sentence: () => 'was terminated by Batch, probably for exceeding maxMinutes',
  },
  {
    codes: /^CommandProgramNotFound$/,
    sentence: (detail) =>
      `could not start (${detail}); install the program in pool.setup, or call it by its path`,
  },
  { codes: /^CommandLaunchFailed$/, sentence: (detail) => `could not start: ${detail}` },
  { codes: /^(Blob|ResourceFile)/, sentence: (detail) => `could not get a file: ${detail}` },
  {
    codes: /^ApplicationPackage/,
    sentence: (detail) => `could not get an application package: ${detail}`,
  },
  {
    codes: /^Container/,
    sentence: (detail) =>
      `could not run its container image: ${detail}; check its name and the access to its registry`,
  },
  { codes: /^FileUpload/, sentence: (detail) => `could not store an output: ${detail}` },
  { codes: /^DiskFull$/, sentence: (detail) => `ran out of disk space: ${detail}` },
];

/** The exit code as a shell reports it: 128 and the number of the signal that ended the process. */
export function describeExit(exitCode: number): string {
  const meaning = meanings[exitCode];
  return `exit code ${exitCode}${meaning === undefined ? '' : ` (${meaning})`}`;
}

const meanings: Readonly<Record<number, string>> = {
  126: 'a program is not executable',
  127: 'a program was not found',
  129: 'SIGHUP',
  130: 'SIGINT: interrupted',
  131: 'SIGQUIT',
  132: 'SIGILL: the processor of the node lacks an instruction',
  134: 'SIGABRT: the program aborted itself',
  135: 'SIGBUS: invalid memory access',
  136: 'SIGFPE: arithmetic error, such as a division by zero',
  137: 'SIGKILL: out of memory, or killed; try more memory, or fewer tasks on a node',
  139: 'SIGSEGV: invalid memory access',
  141: 'SIGPIPE: the reader of its output had ended',
  143: 'SIGTERM: terminated, for example at a time limit',
  152: 'SIGXCPU: CPU time limit',
  153: 'SIGXFSZ: file size limit',
};

const LINE_CHARACTERS = 300;

/** The line of an error output that says most, bounded. Null where there is none. */
export function lastLine(text: string | null): string | null {
  const lines = linesOf(text);
  const last = lines.at(-1);
  if (last === undefined) return null;
  const line = /^Node\.js v\d/.test(last) ? messageOfNode(lines) : undefined;
  return truncate(line ?? last, LINE_CHARACTERS);
}

/** Node.js ends the report of an error with its stack and its version; its message stands before them. */
function messageOfNode(lines: readonly string[]): string | undefined {
  const isFrame = (line: string | undefined) => line?.startsWith('at ') ?? false;
  const isMessage = (line: string, index: number) =>
    isFrame(lines[index + 1]) && !isFrame(line) && !line.startsWith('[cause]');
  return lines.findLast(isMessage) ?? lines.at(-2);
}

const TAIL_LINES = 3;

/** The last lines of a set-up, whose last one rarely says enough. */
export function lastLines(text: string | null): string | null {
  const lines = linesOf(text);
  if (lines.length === 0) return null;
  return lines
    .slice(-TAIL_LINES)
    .map((line) => truncate(line, LINE_CHARACTERS / 2))
    .join(' / ');
}

/** The non-empty lines, without control characters and credentials. */
function linesOf(text: string | null): readonly string[] {
  return redact(text ?? '')
    .split('\n')
    .map((line) => plainText(line).trim())
    .filter((line) => line !== '');
}

/** The end of a file of which only the end was read: without the part of a line with which it begins. */
export function wholeLines(text: string | null, isCut: boolean): string | null {
  if (text === null || !isCut) return text;
  const rest = text.slice(text.indexOf('\n') + 1);
  return rest.length < text.length && rest.trim() !== '' ? rest : text.replace(/^\S*\s?/, '…');
}

const NAME_CHARACTERS = 100;

/** Names a task for people: with the input that it works on, whose name is untrusted. */
export function describeTask({
  id,
  input,
}: {
  readonly id: string;
  readonly input: string | null;
}): string {
  if (input === null) return `task ${id}`;
  return `task ${id} (input ${truncate(plainText(input), NAME_CHARACTERS)})`;
}
