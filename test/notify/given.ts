import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { onTestFinished, vi } from 'vitest';
import type { App } from '../../src/app';
import { finish, type Ending } from '../../src/ledger/finish';
import { readOccurrence } from '../../src/ledger/ledger';
import type { Notice, Outbox } from '../../src/ledger/notices';
import type { Table } from '../../src/ledger/table';
import { outboxOf } from '../../src/notify/outbox';
import { appTargets } from '../../src/workload/notify-schema';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { testApp } from '../api/given';
import { secretsFrom } from '../fakes';
import { minute } from '../run/given';
import { allowing, passOf, type Pass } from '../triggers/passes';

/** Shared by the tests of notices: receivers on the loopback address, and an app that notifies them. */

export const KEY = 'whsec_bmlnaHRzaGlmdCB0ZXN0cyBzaWduIHdpdGggdGhpcyBrZXk=';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Verified when it arrived; null for what is not signed. */
  readonly event: Event | null;
}

export interface Event {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly data: Notice['data'];
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** The status of the next answers; null for no answer at all. */
  status: number | null;
  /** Runs when a request has arrived. */
  arrived: () => void;
}

/** A server that keeps what it receives; it ends with the test. */
export async function receiver(status: number | null = 204): Promise<Receiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const { url: path = '', headers } = request;
      kept.received.push({ path, headers, body, event: verified(headers, body) });
      kept.arrived();
      if (kept.status === null) return;
      response.writeHead(kept.status, { location: '/elsewhere' });
      response.end('ignored');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const kept: Receiver = {
    url: `http://127.0.0.1:${port}/hooks/s3cret`,
    received: [],
    status,
    arrived: () => undefined,
  };
  return kept;
}

/** The event of a request as a receiver verifies it; null when it does not verify. */
function verified(headers: IncomingHttpHeaders, body: string): Event | null {
  try {
    return new Webhook(KEY).verify(body, headers as Record<string, string>) as Event;
  } catch {
    return null;
  }
}

export function eventIn({ event }: Received): Event {
  if (event === null) throw new Error('the request does not verify');
  return event;
}

/** The types of what a receiver got, without their common prefix. */
export function typesAt({ received }: Receiver): readonly string[] {
  return received.map((one) => eventIn(one).type.replace('dev.nightshift.run.', ''));
}

export interface NotifiedWorld {
  readonly app: App;
  readonly base: ReturnType<typeof testApp>;
  readonly log: string[];
  at(minutes: number): void;
  start(key: string): Promise<string>;
  end(runId: string, ending?: Partial<Ending>, table?: Table): Promise<string>;
  pass(options?: Parameters<typeof passOf>[1]): Promise<Pass>;
  notices(): readonly string[];
}

export interface NotifiedParts {
  readonly workload?: Partial<WorkloadDeclaration>;
  /** As the app setting NOTIFY has them. */
  readonly targets?: Readonly<Record<string, object>>;
  readonly receivers?: Readonly<Record<string, Receiver>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly timeout?: () => AbortSignal;
  readonly limits?: Partial<App['limits']>;
}

export function secretsOf(
  receivers: Readonly<Record<string, Receiver>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(receivers).flatMap(([to, { url }]) => [
      [`notify-${to}-url`, url],
      [`notify-${to}-key`, KEY],
    ]),
  );
}

/** An app with one workload that notifies receivers, on a clock that a test steps. */
export function notified(parts: NotifiedParts): NotifiedWorld {
  const declared = { ...allowing, ...parts.workload } as WorkloadDeclaration;
  const base = testApp([declared], parts.limits ?? {});
  const log: string[] = [];
  const { app: bare } = base;
  const outbox: Outbox = outboxOf({
    secrets: secretsFrom({ ...secretsOf(parts.receivers ?? {}), ...parts.secrets }),
    workloads: bare.workloads,
    appTargets: appTargets.parse(parts.targets ?? {}),
    owner: bare.owner,
    now: bare.now,
    realNow: bare.now,
    timeout: parts.timeout ?? (() => new AbortController().signal),
    log: ({ message }) => log.push(message),
  });
  const app: App = { ...bare, outbox };
  const at = (minutes: number): void => {
    base.at(minutes);
    // The library compares the time of a signature with that of the machine.
    vi.setSystemTime(minute(minutes));
  };
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  at(0);
  return {
    app,
    base,
    log,
    at,
    start: (key) => base.start('hello', key),
    end: (runId, ending, table) => end(app, runId, ending, table),
    pass: (options) => passOf(base, { app, ...options }),
    notices: () =>
      Object.keys(base.table.values('active')).filter((key) => key.startsWith('~notice-')),
  };
}

async function end(
  app: App,
  runId: string,
  ending: Partial<Ending> = {},
  table: Table = app.table,
): Promise<string> {
  const row = await readOccurrence(app.table, runId);
  if (row === null) throw new Error(`${runId} is not known`);
  const full: Ending = {
    state: 'succeeded',
    startedAt: row.value.knownAt,
    endedAt: app.now().toISOString(),
    code: null,
    cause: null,
    nodeMinutes: 7,
    cost: 0.25,
    ...ending,
  };
  return finish(table, row.value, full, app.announce, app.outbox);
}

export const FAILED = {
  state: 'failed',
  code: 'taskFailed',
  cause: '3 tasks failed',
} as const satisfies Partial<Ending>;
