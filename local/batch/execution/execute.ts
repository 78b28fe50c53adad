import path from 'node:path';
import { CommandLineError, splitCommandLine } from '../command-line';
import type { ContainerInfo } from '../state/records';
import { containerProgram } from './container';
import { makeTaskFolders } from './directories';
import { StepFailed, failureOf } from './failures';
import { uploadAll } from './output-files';
import { type ProcessGroup, endMarked, startGroup } from './process-group';
import { downloadAll } from './resource-files';
import type { Execution, ExecutionResult } from './execution';

/** Downloads, runs, uploads. In every case no process of the task is left when this resolves. */
export async function execute(work: Execution, aborted: AbortSignal): Promise<ExecutionResult> {
  const timeIsUp = new AbortController();
  const callOff = work.startTimer(() => timeIsUp.abort());
  const signal = AbortSignal.any([aborted, timeIsUp.signal]);
  try {
    const program = await prepare(work, signal);
    const exitCode = await run(work, program, signal);
    if (aborted.aborted) return { kind: 'aborted' };
    if (timeIsUp.signal.aborted) return { kind: 'timedOut', exitCode };
    return await upload(work, exitCode, containerOf(program), aborted);
  } catch (error) {
    if (aborted.aborted) return { kind: 'aborted' };
    if (timeIsUp.signal.aborted) return { kind: 'timedOut' };
    if (!(error instanceof StepFailed)) throw error;
    return { kind: 'failed', step: 'preProcessing', failure: error.failure };
  } finally {
    callOff();
  }
}

/** The command to start, and the container to stop with its processes. */
interface Prepared {
  readonly argv: readonly string[];
  readonly stop?: () => Promise<unknown>;
  readonly name?: string;
}

async function prepare(work: Execution, signal: AbortSignal): Promise<Prepared> {
  const workingDirectory = path.join(work.folder, 'wd');
  makeTaskFolders(work.folder);
  await downloadAll(work.resourceFiles, {
    workingDirectory,
    autoStorageContainer: work.autoStorageContainer,
    signal,
  });
  const argv = splitWords(work.commandLine);
  if (work.container === undefined) return { argv };
  return containerProgram(work.container, work, argv);
}

function splitWords(commandLine: string): readonly string[] {
  try {
    return splitCommandLine(commandLine);
  } catch (cause) {
    if (cause instanceof CommandLineError) throw launchFailed(cause);
    throw cause;
  }
}

async function run(work: Execution, program: Prepared, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  const group = await launch(work, program.argv);
  let killing: Promise<unknown> | undefined;
  const kill = () => {
    group.kill();
    killing = Promise.all([program.stop?.(), endMarked('AZ_BATCH_TASK_DIR', work.folder)]);
  };
  signal.addEventListener('abort', kill);
  if (signal.aborted) kill();
  try {
    return await group.exited;
  } finally {
    signal.removeEventListener('abort', kill);
    await killing;
  }
}

/** The program is searched in the PATH, then in the working directory. */
async function launch(work: Execution, argv: readonly string[]): Promise<ProcessGroup> {
  const cwd = path.join(work.folder, 'wd');
  const start = (argv: readonly string[]) =>
    startGroup({
      argv,
      cwd,
      environment: work.environment,
      stdoutFile: path.join(work.folder, 'stdout.txt'),
      stderrFile: path.join(work.folder, 'stderr.txt'),
      processesFolder: work.processesFolder,
    });
  const [command = '', ...rest] = argv;
  if (command === '') throw new StepFailed(failureOf('CommandProgramNotFound'));
  try {
    return await start(argv);
  } catch (error) {
    if (!isMissing(error) || command.includes('/')) throw launchFailed(error);
  }
  try {
    return await start([path.join(cwd, command), ...rest]);
  } catch (error) {
    throw launchFailed(error);
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function launchFailed(cause: unknown): StepFailed {
  const code = isMissing(cause) ? 'CommandProgramNotFound' : 'CommandLaunchFailed';
  const message = isMissing(cause)
    ? 'The system cannot find the file specified.'
    : (cause as Error).message;
  return new StepFailed(failureOf(code, [{ name: 'Message', value: message }]), { cause });
}

function containerOf({ name }: Prepared): ContainerInfo | undefined {
  if (name === undefined) return undefined;
  return { containerId: name, state: 'exited' };
}

async function upload(
  work: Execution,
  exitCode: number,
  container: ContainerInfo | undefined,
  signal: AbortSignal,
): Promise<ExecutionResult> {
  const failed = await uploadAll(work.outputFiles, {
    workingDirectory: path.join(work.folder, 'wd'),
    environment: work.environment,
    succeeded: exitCode === 0,
    signal,
  });
  if (failed === undefined) {
    return { kind: 'exited', exitCode, ...(container !== undefined && { container }) };
  }
  return { kind: 'failed', step: 'fileUpload', failure: failed.failure, exitCode };
}
