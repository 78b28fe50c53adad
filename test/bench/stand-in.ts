import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { realClock } from '../../local/clock';
import { createJob } from '../../local/batch/jobs/lifecycle';
import { routes } from '../../local/batch/routes';
import { Account } from '../../local/batch/state/account';
import { Journal } from '../../local/batch/state/journal';
import { addTasks } from '../../local/batch/tasks/collection';
import { listTasks } from '../../local/batch/tasks/operations';
import { generousQuotas, quickTimings } from '../../local/batch/timings';
import type { Call } from '../../local/batch/wire/call';

/**
 * `npm run bench:batch`: the Batch stand-in. Validated adds of tasks in memory and with the journal
 * on disk, memory of a task, the pages of a million tasks with the longest time without an answer to
 * others, and the start of the program.
 */
const IN_MEMORY = 1_000_000;
const ON_DISK = 200_000;
const TASKS_PER_CALL = 100;
const STARTS = 5;
/** A page that takes longer than this is counted. */
const LONG_MS = 50;

const folder = mkdtempSync(path.join(tmpdir(), 'bench-batch-'));

async function bench(): Promise<void> {
  say(`Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`);
  const memory = newAccount();
  const before = usedBytes();
  const memoryMs = await timeOf(() => addAll(memory, IN_MEMORY));
  const bytes = (usedBytes() - before) / IN_MEMORY;
  const pages = await listAll(memory);
  const disk = newAccount();
  const { journal } = await Journal.open(path.join(folder, 'state'), disk);
  disk.attach(journal);
  const diskMs = await timeOf(() => addAll(disk, ON_DISK));
  await journal.close();
  const starts = await startTimes(process.argv[2] ?? '');

  row('validated adds in memory', `${perSecond(IN_MEMORY, memoryMs)} tasks a second`);
  row('validated adds with the journal', `${perSecond(ON_DISK, diskMs)} tasks a second`);
  row('memory of a task', `${Math.round(bytes)} bytes`);
  row(`list ${IN_MEMORY} tasks in pages`, `${Math.round(pages.totalMs)} ms`);
  row('longest page of it', `${pages.longestMs.toFixed(1)} ms`);
  row(`pages over ${LONG_MS} ms`, String(pages.long));
  if (starts !== undefined) row('start of the package, median', `${Math.round(starts)} ms`);
}

function newAccount(): Account {
  const account = new Account(
    {
      name: 'bench',
      clock: realClock,
      random: () => 0.5,
      log: say,
      nodesFolder: path.join(folder, 'nodes'),
      packagesFolder: path.join(folder, 'packages'),
      path: '/usr/bin:/bin',
      environment: {},
      blobEndpoint: (name) => `https://${name}.blob.core.windows.net`,
      autoStorageMode: 'StorageKeys',
    },
    quickTimings,
    generousQuotas,
    { job() {}, schedule() {}, node() {}, pool() {}, dispatch() {} },
  );
  account.runExclusive(() =>
    createJob(account, { id: 'job', poolInfo: { poolId: 'pool' } }, { directory: 'job-1' }),
  );
  return account;
}

/** The shape of the body of addtaskcollection, as the route has it. */
const shape = routes.find(({ path: at }) => at.endsWith('/addtaskcollection'))?.shape;

/** Each call is read, checked, acted on, and acknowledged by the journal, eight at a time. */
async function addAll(account: Account, count: number): Promise<void> {
  const waiting: Promise<void>[] = [];
  for (let first = 0; first < count; first += TASKS_PER_CALL) {
    const json = JSON.stringify({ value: tasksFrom(first) });
    const body = shape?.read(JSON.parse(json), 'body');
    account.runExclusive(() => addTasks(account, callWith(body) as never));
    waiting.push(account.flushed());
    if (waiting.length === 8) await Promise.all(waiting.splice(0));
  }
  await Promise.all(waiting);
}

function tasksFrom(first: number): readonly object[] {
  return Array.from({ length: TASKS_PER_CALL }, (_, index) => ({
    id: `task-${first + index}`,
    commandLine: `/bin/sh -c "echo ${first + index}"`,
  }));
}

function callWith(
  body: unknown,
  query: ReadonlyMap<string, string> = new Map(),
): Call<unknown, 'jobId'> {
  const base = 'http://127.0.0.1:10100';
  const url = `${base}/jobs/job/tasks`;
  return { verb: 'GET', params: { jobId: 'job' }, query, headers: {}, body, base, url };
}

async function listAll(account: Account) {
  let longestMs = 0;
  let long = 0;
  let totalMs = 0;
  let query = new Map<string, string>();
  for (;;) {
    const begun = performance.now();
    const { body } = listTasks(account, callWith(undefined, query) as never);
    const text = JSON.stringify(body);
    const ms = performance.now() - begun;
    longestMs = Math.max(longestMs, ms);
    if (ms > LONG_MS) long += 1;
    totalMs += ms;
    const next = (JSON.parse(text) as { readonly 'odata.nextLink'?: string })['odata.nextLink'];
    if (next === undefined) return { longestMs, totalMs, long };
    query = new Map(new URL(next).searchParams);
  }
}

/** From the start of the process to its first line, for the program at `file`. */
async function startTimes(file: string): Promise<number | undefined> {
  if (file === '') return undefined;
  const times: number[] = [];
  for (let start = 0; start < STARTS; start += 1)
    times.push(await startOnce(file, path.join(folder, `start-${start}`)));
  return times.sort((one, other) => one - other)[Math.floor(STARTS / 2)];
}

async function startOnce(file: string, state: string): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, [file, '--port=0', '--folder', state]);
  await new Promise((resolve) => {
    child.stdout.once('data', resolve);
  });
  const ms = performance.now() - begun;
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  child.kill();
  await ended;
  return ms;
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function usedBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function perSecond(count: number, ms: number): string {
  return Math.round((count / ms) * 1000).toLocaleString('en');
}

function row(name: string, value: string): void {
  say(`${name.padEnd(34)}${value}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

bench()
  .finally(() => rmSync(folder, { recursive: true, force: true }))
  .catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  });
