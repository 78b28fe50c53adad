import { HttpRequest, InvocationContext } from '@azure/functions';
import type { App } from '../../src/app';
import type { OperationHandler } from '../../src/api/handler';
import { startHandler } from '../../src/api/runs';
import { claim } from '../../src/ledger/claim';
import { finish, type Ending } from '../../src/ledger/finish';
import { readActive, readOccurrence } from '../../src/ledger/ledger';
import type { RunRequest } from '../../src/run/run';
import { startRun } from '../../src/start-run';
import { checkWorkloads } from '../../src/workload/check-workloads';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { MemoryBatch, secretsFrom } from '../fakes';
import { MemoryHub } from '../hub';
import { MemoryFiles } from '../memory-files';
import { MemoryTable } from '../memory-table';
import { minute, STARTED } from '../run/given';
import { appOn, declaredSchedules } from '../run/stage';
import { checkAnswer } from './answers';

/** An app on ports in memory, whose runs do only what a test says. */
export interface TestApp {
  readonly app: App;
  readonly batch: MemoryBatch;
  readonly files: MemoryFiles;
  readonly table: MemoryTable;
  readonly hub: MemoryHub;
  /** Moves the clock to a number of minutes after the start. */
  at(minutes: number): void;
  /** Starts a run over HTTP, as a caller with that key does. */
  post(workload: string, key: string): Promise<Answer>;
  /** Starts a run at an instant, without a bound. */
  start(workload: string, key: string, instant?: string): Promise<string>;
  /** The orchestration of a run claims it. */
  claim(runId: string): Promise<void>;
  /** A run ends as its ledger is told. */
  end(runId: string, ending?: Partial<Ending>): Promise<void>;
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export function testApp(
  declarations: readonly WorkloadDeclaration[],
  limits: Partial<App['limits']> = {},
): TestApp {
  const [batch, files, table, hub] = [
    new MemoryBatch(),
    new MemoryFiles(),
    new MemoryTable(),
    new MemoryHub(),
  ];
  let now = new Date(STARTED);
  const workloads = checkWorkloads(declarations);
  const base = appOn({
    batch,
    files,
    table,
    workloads,
    schedules: declaredSchedules(workloads),
    secrets: secretsFrom({}),
    now: () => now,
  });
  const app: App = { ...base, limits: { ...base.limits, ...limits } };
  return {
    app,
    batch,
    files,
    table,
    hub,
    at: (minutes) => {
      now = minute(minutes);
    },
    post: (workload, key) =>
      answerTo(startHandler(app), hub, {
        method: 'POST',
        params: { workload },
        headers: { 'idempotency-key': key },
      }),
    start: async (name, key, instant) => {
      const workload = workloads.get(name);
      if (workload === undefined) throw new Error(`no workload is called ${name}`);
      return (
        await startRun(app, hub.client, workload, requestOf(name, key), {
          ...(instant !== undefined && { instant }),
        })
      ).runId;
    },
    claim: (runId) => claimRun(app, runId),
    end: (runId, ending = {}) => endRun(app, runId, ending),
  };
}

export function requestOf(workload: string, key: string): RunRequest {
  return { workload, occurrence: { kind: 'request', key }, parameters: {} };
}

async function claimRun({ table, now }: App, runId: string): Promise<void> {
  const active = await readActive(table, runId);
  if (active === null) throw new Error(`${runId} is not active`);
  const { term, instant, request, deadline } = active.value;
  const at = now().toISOString();
  await claim(table, { runId, term, instant, request }, deadline ?? at, at);
}

async function endRun({ table, now }: App, runId: string, ending: Partial<Ending>): Promise<void> {
  const row = await readOccurrence(table, runId);
  if (row === null) throw new Error(`${runId} is not known`);
  await finish(table, row.value, {
    state: 'succeeded',
    startedAt: row.value.knownAt,
    endedAt: now().toISOString(),
    code: null,
    cause: null,
    nodeMinutes: 0,
    cost: null,
    ...ending,
  });
}

/** For a test that knows that it is there. */
export function present<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) throw new Error('it is not there');
  return value;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly path?: string;
  readonly params?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly text?: string;
}

/** The response of a handler as its operation documents it, with its body as the caller parses it. */
export async function answerTo(
  handler: OperationHandler,
  hub: MemoryHub,
  { method = 'GET', path = '/api/runs', params = {}, headers = {}, text }: Call = {},
): Promise<Answer> {
  const request = new HttpRequest({
    method,
    url: `http://app${path}`,
    params,
    headers,
    ...(text === undefined ? {} : { body: { string: text } }),
  });
  const answer = await handler(request, hub.client, new InvocationContext());
  const { status, headers: sent, jsonBody, body } = answer;
  const parsed: unknown = jsonBody ?? (typeof body === 'string' ? JSON.parse(body) : null);
  checkAnswer(handler.operation, { status, body: parsed === null ? null : asSent(parsed) });
  return { status, headers: (sent ?? {}) as Readonly<Record<string, string>>, body: parsed };
}

/** A body as JSON has it: without fields that are undefined. */
function asSent(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body));
}
