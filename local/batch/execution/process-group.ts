import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export interface Program {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly stdoutFile: string;
  readonly stderrFile: string;
  /** Where the group is written down while it lives, for a stand-in that is started again. */
  readonly processesFolder: string;
}

/** A running process with everything it starts: the leader of a process group of its own. */
export interface ProcessGroup {
  readonly pid: number;
  /** The exit code as a shell would say it: 128 and the signal's number for a killed process. */
  readonly exited: Promise<number>;
  /** Kills the whole group at once. */
  kill(): void;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};

/** Starts a program without a shell. Rejects when there is no such program or it cannot be run. */
export async function startGroup(program: Program): Promise<ProcessGroup> {
  const [command = '', ...rest] = program.argv;
  const stdout = fs.openSync(program.stdoutFile, 'a');
  const stderr = fs.openSync(program.stderrFile, 'a');
  try {
    const child = spawn(command, rest, {
      cwd: program.cwd,
      env: { ...program.environment },
      // Its own session and group, so that whatever it starts can be ended with it.
      detached: true,
      stdio: ['ignore', stdout, stderr],
    });
    const { pid } = child;
    if (pid === undefined) {
      throw await new Promise<Error>((resolve) => {
        child.once('error', resolve);
      });
    }
    const record = writeDown(program.processesFolder, pid);
    const exited = new Promise<number>((resolve) => {
      child.once('exit', (code, signal) => {
        // What it left running in the background ends with it.
        killGroup(pid);
        fs.rmSync(record, { force: true });
        resolve(code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0));
      });
    });
    return { pid, exited, kill: () => killGroup(pid) };
  } finally {
    fs.closeSync(stdout);
    fs.closeSync(stderr);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: nothing of the group is left.
  }
}

function writeDown(folder: string, pid: number): string {
  const file = path.join(folder, String(pid));
  fs.writeFileSync(file, processStart(pid) ?? '');
  return file;
}

/** Kills the groups that an earlier stand-in wrote down and could not end any more. */
export function killLeftovers(folder: string): number {
  if (!fs.existsSync(folder)) return 0;
  let killed = 0;
  for (const name of fs.readdirSync(folder)) {
    const file = path.join(folder, name);
    const pid = Number(name);
    const startedAt = fs.readFileSync(file, 'utf8');
    // A number is used again; only with the same start is it the same process.
    if (Number.isInteger(pid) && startedAt !== '' && processStart(pid) === startedAt) {
      killGroup(pid);
      killed += 1;
    }
    fs.rmSync(file, { force: true });
  }
  return killed;
}

/** Variables that every process of a node, or of one execution on it, has. */
type Marking = 'AZ_BATCH_NODE_ROOT_DIR' | 'AZ_BATCH_TASK_DIR';

/**
 * Kills every process that has this in its environment: what left its group before it was to end.
 * Only Linux shows the environment of others.
 */
export function killMarked(variable: Marking, value: string): number {
  if (process.platform !== 'linux') return 0;
  const mark = `${variable}=${value}\0`;
  let killed = 0;
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      if (!fs.readFileSync(`/proc/${name}/environ`, 'utf8').includes(mark)) continue;
      process.kill(Number(name), 'SIGKILL');
      killed += 1;
    } catch {
      // It ended meanwhile, or belongs to somebody else.
    }
  }
  return killed;
}

/** When a process began, in whatever the system counts it; undefined when there is none. */
function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name in parentheses may hold spaces; the start time is the 20th field behind it.
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    } catch {
      return undefined;
    }
  }
  const shown = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return shown.status === 0 ? shown.stdout.trim() : undefined;
}
