import { cpus, loadavg } from 'node:os';
import { HttpRequest, InvocationContext } from '@azure/functions';
import type { OperationHandler } from '../../src/api/handler';
import { openReadsApp, TASKS, type ReadsApp } from './reads-app';
import { readsOf, type Read } from './reads-routes';

/**
 * `npm run bench:reads`: the reads of the API on Azurite, with a ledger of 20,000 rows and a run of
 * 10,000 tasks. Exits with 1 when the median of a read exceeds `MAX_MEDIAN_MS`.
 */
const MAX_MEDIAN_MS = 200;
const WARM_UPS = 3;
const REPEATS = 30;

interface Measured {
  readonly name: string;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly kilobytes: number;
  /** Median of a read that has the version already; null for a route without an ETag. */
  readonly knownMs: number | null;
}

async function bench(): Promise<void> {
  const [load = 0] = loadavg();
  say(`Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`);
  say(`load of the machine at the start: ${load.toFixed(1)}`);
  const opened = await openReadsApp();
  try {
    say(`${opened.rows} rows in the ledger, ${TASKS} tasks in the run\n`);
    const measured: Measured[] = [];
    for (const read of readsOf(opened)) measured.push(await measure(opened, read));
    printTable(measured);
    process.exitCode = report(measured);
  } finally {
    await opened.stop();
  }
}

async function measure({ client }: ReadsApp, { name, handler, path, params }: Read) {
  const ask = (etag: string | null) => answerTo(handler, client, { path, params, etag });
  const first = await ask(null);
  if (first.status !== 200) throw new Error(`${name} was answered with ${first.status}`);
  const times = await timesOf(() => ask(null));
  const { etag } = first;
  const known = etag === null ? null : await timesOf(() => ask(etag));
  return {
    name,
    medianMs: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
    kilobytes: first.bytes / 1000,
    knownMs: known === null ? null : quantile(known, 0.5),
  };
}

interface Asked {
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly etag: string | null;
}

/** Answers a request with the text that the host would send. */
async function answerTo(
  handler: OperationHandler,
  client: ReadsApp['client'],
  { path, params, etag }: Asked,
) {
  const headers: Record<string, string> = etag === null ? {} : { 'if-none-match': etag };
  const request = new HttpRequest({
    method: 'GET',
    url: `http://app${path}`,
    params: { ...params },
    headers,
  });
  const {
    status,
    headers: sent,
    jsonBody,
    body,
  } = await handler(request, client, new InvocationContext());
  const text = typeof body === 'string' ? body : JSON.stringify(jsonBody ?? null);
  const tag = (sent as Readonly<Record<string, string>> | undefined)?.['ETag'] ?? null;
  return { status, etag: tag, bytes: text.length };
}

async function timesOf(work: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < WARM_UPS + REPEATS; index++) {
    const start = process.hrtime.bigint();
    await work();
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  return times.slice(WARM_UPS).sort((one, other) => one - other);
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN;
}

/** At most 80 columns wide. */
function printTable(measured: readonly Measured[]): void {
  say(line('read', ['median, ms', 'p95, ms', 'kB', 'with ETag']));
  for (const { name, medianMs, p95Ms, kilobytes, knownMs } of measured) {
    const known = knownMs === null ? '–' : knownMs.toFixed(0);
    say(line(name, [medianMs.toFixed(0), p95Ms.toFixed(0), kilobytes.toFixed(1), known]));
  }
}

function line(name: string, cells: readonly string[]): string {
  return `${name.padEnd(36)}${cells.map((cell) => cell.padStart(11)).join('')}`;
}

/** The exit code, with a sentence for each read that is too slow. */
function report(measured: readonly Measured[]): number {
  const slow = measured.filter(({ medianMs }) => medianMs > MAX_MEDIAN_MS);
  for (const { name, medianMs } of slow) {
    say(`\n${name}: a median of ${medianMs.toFixed(0)} ms exceeds ${MAX_MEDIAN_MS} ms`);
  }
  return slow.length === 0 ? 0 : 1;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

void bench();
