import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface Program {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly stdoutFile: string;
  readonly stderrFile: string;
  /** Folder in which a running group is recorded, for a restarted stand-in. */
  readonly processesFolder: string;
}

/** A running process with its descendants: the leader of its own process group. */
export interface ProcessGroup {
  readonly pid: number;
  /**
   * The exit code as a shell reports it: 128 plus the signal's number for a killed process. Resolves
   * when no process of the group is left.
   */
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
      // A separate session and group, so that all descendants can be killed with it.
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
        // The group's background processes end with their leader.
        killGroup(pid);
        void pollUntil(() => !isGroupAlive(pid)).then(() => {
          fs.rmSync(record, { force: true });
          resolve(code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0));
        });
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
    // ESRCH: no process of the group is left.
  }
}

const POLL_MS = 10;

/**
 * Longest wait for killed processes. Only a process in an uninterruptible system call takes longer;
 * its task must not hang because of it.
 */
const KILL_TIMEOUT_MS = 5000;

async function pollUntil(isDone: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < KILL_TIMEOUT_MS && !isDone(); waitedMs += POLL_MS) {
    await delay(POLL_MS);
  }
}

/** A group of zombies alone counts as dead: where process 1 does not reap, they stay forever. */
function isGroupAlive(groupId: number): boolean {
  try {
    process.kill(-groupId, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  return processIds().some((pid) => {
    const fields = statFields(pid);
    return fields !== undefined && fields.groupId === groupId && !fields.isDead;
  });
}

/** Numbers of all processes of this machine but our own; Linux only. */
function processIds(): readonly number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

interface ProcessStat {
  /** A zombie: killed, and kept in the process table until its parent reaps it. */
  readonly isDead: boolean;
  readonly groupId: number;
  readonly startTime: string | undefined;
}

/** The process's line in /proc; undefined when there is no such process. */
function statFields(pid: number): ProcessStat | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may contain spaces. The fields after it are numbered from 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isDead = fields[0] === 'Z' || fields[0] === 'X';
    return { isDead, groupId: Number(fields[2]), startTime: fields[19] };
  } catch {
    return undefined;
  }
}

function writeDown(folder: string, pid: number): string {
  const file = path.join(folder, String(pid));
  fs.writeFileSync(file, processStart(pid) ?? '');
  return file;
}

/** Kills the groups that an earlier stand-in recorded and did not end. */
export function killLeftovers(folder: string): number {
  if (!fs.existsSync(folder)) return 0;
  let killed = 0;
  for (const name of fs.readdirSync(folder)) {
    const file = path.join(folder, name);
    const pid = Number(name);
    const startedAt = fs.readFileSync(file, 'utf8');
    // Process numbers are reused; only with the same start time is it the same process.
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
 * Kills every process that has this variable in its environment, also those that left their process
 * group. Returns their numbers. Only Linux shows the environment of other processes.
 */
export function killMarked(variable: Marking, value: string): readonly number[] {
  if (process.platform !== 'linux') return [];
  const mark = `${variable}=${value}\0`;
  return processIds().filter((pid) => {
    try {
      if (!fs.readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)) return false;
      process.kill(pid, 'SIGKILL');
      return true;
    } catch {
      // The process ended meanwhile, or belongs to another user.
      return false;
    }
  });
}

/**
 * Kills the marked processes and resolves when they have exited. Repeats the search, because a
 * process may fork while it runs.
 */
export async function endMarked(variable: Marking, value: string): Promise<void> {
  const killed = new Set<number>();
  await pollUntil(() => {
    for (const pid of killMarked(variable, value)) killed.add(pid);
    return [...killed].every((pid) => statFields(pid)?.isDead ?? true);
  });
}

/**
 * The start time of a process in the unit of the system; undefined when there is no such process.
 */
function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') return statFields(pid)?.startTime;
  const shown = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return shown.status === 0 ? shown.stdout.trim() : undefined;
}
