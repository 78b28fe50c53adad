import type http from 'node:http';
import { SteppedClock } from '../clock';
import { dropApplication, putPackage, setDefaultVersion } from './applications/library';
import { applicationView } from './applications/operations';
import { faults, wildcard } from './faults';
import { evictNode } from './nodes/lifecycle';
import type { ServerContext } from './requests';
import { type Account, type Node, type Pool, keyOf } from './state/account';
import { Refusal, invalidBody } from './wire/refusals';
import {
  type Read,
  type Shape,
  anything,
  integer,
  list,
  maybe,
  nothing,
  object,
  oneOf,
  optional,
  text,
} from './wire/shape';
import { breakNode, problemOf } from './nodes/break-node';

/**
 * What only a stand-in has: `/_local` moves its time and makes things happen that Azure does when
 * it likes. Bodies and answers are JSON; no signature is asked for, as only this machine can ask.
 * What is set here lasts until the stand-in is started again; uploaded packages stay.
 *
 * | call                                          | what it does                                   |
 * | --------------------------------------------- | ---------------------------------------------- |
 * | GET  /_local/clock                            | the time here                                  |
 * | POST /_local/clock {stepSeconds}              | steps a clock that is stepped by hand          |
 * | POST /_local/pools/{pool}/preempt {count}     | takes back Spot nodes, busy ones first         |
 * | POST /_local/pools/{pool}/nodes/{node}/preempt| takes back this one                            |
 * | POST /_local/pools/{pool}/nodes/{node}/break  | makes it unusable {code, message}              |
 * | GET, POST, DELETE /_local/faults              | calls that are to fail: see faults.ts          |
 * | GET, PUT /_local/quotas                       | pools, activeJobsAndSchedules, dedicatedCores, |
 * |                                               | lowPriorityCores                               |
 * | GET, PUT /_local/pace                         | seconds of clock time: see pace.ts             |
 * | GET, PUT /_local/supply {nodes, whenOut}      | machines Azure has left; nodes -1 is no end;   |
 * |                                               | out of them it is `fail` or `timeout`          |
 * | PUT  /_local/applications/{id}/versions/{v}   | uploads a package: the body is a zip archive   |
 * | PATCH /_local/applications/{id}               | {defaultVersion}; without it, none             |
 * | DELETE /_local/applications/{id}              | forgets an application and its packages        |
 * | PUT  /_local/scripts [{task, exitCode,        | tasks (`job/task`, with `*`) that end so after |
 * |                        afterSeconds}]         | a while, without a process                     |
 */
export async function control(
  door: ServerContext,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  let status = 200;
  let body: unknown;
  try {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    body = await perform(door, `${request.method ?? ''} ${path.slice('/_local'.length)}`, request);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    status = error.status;
    body = { code: error.code, message: error.message, values: error.details };
  }
  await door.account.settled();
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body ?? {}, null, 2)}\n`);
}

interface Lever {
  readonly pattern: RegExp;
  readonly read: (content: Buffer) => unknown;
  readonly pull: (door: ServerContext, body: never, names: readonly string[]) => unknown;
}

function lever<Body>(
  call: string,
  shape: Shape<Body>,
  pull: (door: ServerContext, body: Body, names: readonly string[]) => unknown,
): Lever {
  const pattern = new RegExp(`^${call.replaceAll('*', '([^/]+)')}$`);
  return { pattern, read: (content) => shape.read(parsed(content), 'body'), pull };
}

/** A route whose body is binary. */
function bytesLever(
  call: string,
  pull: (door: ServerContext, body: Buffer, names: readonly string[]) => unknown,
): Lever {
  return { ...lever(call, nothing, pull as never), read: (content) => content };
}

const amounts = <Name extends string>(names: readonly Name[]) =>
  object(Object.fromEntries(names.map((name) => [name, optional(amount)]))) as Shape<
    Partial<Record<Name, number>>
  >;

const amount: Shape<number> = {
  read(value, name) {
    if (typeof value !== 'number' || value < 0) throw invalidBody(`'${name}' is not an amount`);
    return value;
  },
};

const quotas = amounts(['pools', 'activeJobsAndSchedules', 'dedicatedCores', 'lowPriorityCores']);

const pace = amounts([
  'allocationSeconds',
  'bootSeconds',
  'agentSeconds',
  'leavingSeconds',
  'restoreSeconds',
  'settleSeconds',
  'evictionsPerNodeHour',
]);

const supply = object({ nodes: integer(-1), whenOut: optional(oneOf('fail', 'timeout')) });

const scripts = list(
  object({ task: text({ min: 1 }), exitCode: integer(), afterSeconds: optional(amount) }),
);

const defaults = object({ defaultVersion: optional(text()) });

const problem = maybe(object({ code: optional(text()), message: optional(text()) }));

const levers: readonly Lever[] = [
  lever('GET /clock', nothing, ({ account }) => clockView(account)),
  lever('POST /clock', object({ stepSeconds: amount }), stepClock),
  lever('POST /pools/*/preempt', maybe(object({ count: optional(integer(1)) })), preemptSome),
  lever('POST /pools/*/nodes/*/preempt', nothing, preemptOne),
  lever('POST /pools/*/nodes/*/break', problem, breakOne),
  lever('GET /faults', nothing, ({ faults }) => faults.pending()),
  lever('POST /faults', anything, ({ faults: plan }, body) => {
    plan.add(faults.read(Array.isArray(body) ? body : [body], 'faults'));
    return plan.pending();
  }),
  lever('DELETE /faults', nothing, ({ faults }) => faults.clear()),
  lever('GET /quotas', nothing, ({ account }) => account.quotas),
  lever('PUT /quotas', quotas, ({ account }, body) => {
    account.quotas = { ...account.quotas, ...body };
    return account.quotas;
  }),
  lever('GET /pace', nothing, ({ account }) => account.pace),
  lever('PUT /pace', pace, ({ account }, body) => {
    account.pace = { ...account.pace, ...body };
    return account.pace;
  }),
  lever('GET /supply', nothing, ({ account }) => supplyView(account)),
  lever('PUT /supply', supply, setSupply),
  bytesLever('PUT /applications/*/versions/*', async ({ account }, archive, [id = '', v = '']) =>
    applicationView(await putPackage(account, id, v, archive)),
  ),
  lever('PATCH /applications/*', defaults, ({ account }, { defaultVersion }, [id = '']) =>
    applicationView(setDefaultVersion(account, id, defaultVersion)),
  ),
  lever('DELETE /applications/*', nothing, ({ account }, _, [id = '']) =>
    dropApplication(account, id),
  ),
  lever('PUT /scripts', scripts, setScripts),
];

async function perform(
  door: ServerContext,
  call: string,
  request: http.IncomingMessage,
): Promise<unknown> {
  const content = await readAll(request);
  for (const { pattern, read, pull } of levers) {
    const match = pattern.exec(call);
    if (match === null) continue;
    const names = match.slice(1).map(decodeURIComponent);
    const body = read(content) as never;
    return door.account.turn(() => pull(door, body, names));
  }
  throw new Refusal('InvalidUri');
}

async function readAll(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parsed(content: Buffer): unknown {
  const json = content.toString();
  if (json.trim() === '') return undefined;
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw invalidBody((cause as Error).message);
  }
}

function clockView(account: Account): object {
  const { clock } = account.setting;
  const next = clock instanceof SteppedClock ? clock.next() : undefined;
  return {
    now: clock.now().toISOString(),
    ...(next !== undefined && { next: next.toISOString() }),
  };
}

function stepClock(
  { account }: ServerContext,
  { stepSeconds }: { readonly stepSeconds: number },
): object {
  const { clock } = account.setting;
  if (!(clock instanceof SteppedClock)) {
    throw new Refusal('OperationInvalidForCurrentState', [
      { key: 'Reason', value: 'This clock runs by itself.' },
    ]);
  }
  clock.step(stepSeconds * 1000);
  return clockView(account);
}

function poolNamed(account: Account, name: string | undefined): Pool {
  const pool = account.pools.get(keyOf(name ?? ''));
  if (pool === undefined) throw new Refusal('PoolNotFound');
  return pool;
}

function nodeNamed(account: Account, [poolId, nodeId]: readonly string[]): Node {
  const node = poolNamed(account, poolId).nodes.get(nodeId ?? '');
  if (node === undefined) throw new Refusal('NodeNotFound');
  return node;
}

function preemptSome(
  { account }: ServerContext,
  body: { readonly count?: number } | undefined,
  [poolId]: readonly string[],
): object {
  const spot = [...poolNamed(account, poolId).nodes.values()]
    .filter(({ record }) => !record.dedicated && record.state !== 'preempted')
    .sort((a, b) => b.attempts.size - a.attempts.size)
    .slice(0, body?.count ?? 1);
  for (const node of spot) evictNode(account, node);
  return { preempted: spot.map(({ record }) => record.id) };
}

function preemptOne({ account }: ServerContext, _: undefined, names: readonly string[]): object {
  const node = nodeNamed(account, names);
  evictNode(account, node);
  return { preempted: [node.record.id] };
}

function breakOne(
  { account }: ServerContext,
  body: Read<typeof problem>,
  names: readonly string[],
): object {
  const node = nodeNamed(account, names);
  const code = body?.code ?? 'DiskFull';
  breakNode(account, node, [problemOf(code, body?.message ?? 'The node was broken on purpose')]);
  return { broken: [node.record.id] };
}

function supplyView({ supply: { nodes, whenOut } }: Account): object {
  return { nodes: Number.isFinite(nodes) ? nodes : -1, whenOut };
}

function setSupply({ account }: ServerContext, { nodes, whenOut }: Read<typeof supply>): object {
  account.supply = {
    nodes: nodes === -1 ? Number.POSITIVE_INFINITY : nodes,
    whenOut: whenOut ?? account.supply.whenOut,
  };
  return supplyView(account);
}

function setScripts({ account }: ServerContext, told: Read<typeof scripts>): object {
  account.scripts = told.map(({ task, exitCode, afterSeconds }) => ({
    pattern: wildcard(task),
    exitCode,
    afterSeconds: afterSeconds ?? 0,
  }));
  return told;
}
