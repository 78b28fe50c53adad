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
  type TypeOf,
  type Shape,
  anyJson,
  integer,
  list,
  optionalBody,
  noBody,
  object,
  oneOf,
  optional,
  text,
} from './wire/shape';
import { breakNode, problemOf } from './nodes/break-node';

/**
 * The control API of the stand-in: `/_local` steps the clock and triggers events that Azure decides
 * itself. Requests and responses are JSON; no signature is needed, since by default only this machine
 * can send requests. Settings last until the next start of the stand-in; uploaded packages are kept.
 *
 * | call                                          | effect                                         |
 * | --------------------------------------------- | ---------------------------------------------- |
 * | POST /_local/reset                            | deletes everything and ends all processes, as  |
 * |                                               | after a first start on an empty folder         |
 * | GET  /_local/clock                            | the stand-in's time                            |
 * | POST /_local/clock {stepSeconds}              | advances a stepped clock                       |
 * | POST /_local/pools/{pool}/preempt {count}     | evicts Spot nodes, busy ones first             |
 * | POST /_local/pools/{pool}/nodes/{node}/preempt| evicts this node                               |
 * | POST /_local/pools/{pool}/nodes/{node}/break  | makes it unusable {code, message}              |
 * | GET, POST, DELETE /_local/faults              | injected faults: see faults.ts                 |
 * | GET, PUT /_local/quotas                       | pools, activeJobsAndSchedules, dedicatedCores, |
 * |                                               | lowPriorityCores                               |
 * | GET, PUT /_local/pace                         | seconds of clock time: see timings.ts          |
 * | GET, PUT /_local/supply {nodes, whenOut}      | machines that Azure has left; -1 is unlimited; |
 * |                                               | without any: `fail` or `timeout`               |
 * | PUT  /_local/sizes [name, …]                  | VM sizes that the account has in addition      |
 * | PUT  /_local/applications/{id}/versions/{v}   | uploads a package: the body is a zip archive   |
 * | PATCH /_local/applications/{id}               | {defaultVersion}; absent: no default           |
 * | DELETE /_local/applications/{id}              | deletes an application and its packages        |
 * | PUT  /_local/scripts [{task, exitCode,        | tasks (`job/task`, with `*`) that exit with    |
 * |                        afterSeconds}]         | this code after a time, without a process      |
 */
export async function control(
  context: ServerContext,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  let status = 200;
  let body: unknown;
  try {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    body = await perform(
      context,
      `${request.method ?? ''} ${path.slice('/_local'.length)}`,
      request,
    );
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    status = error.status;
    body = { code: error.code, message: error.message, values: error.details };
  }
  await context.account.flushed();
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body ?? {}, null, 2)}\n`);
}

interface ControlRoute {
  readonly pattern: RegExp;
  readonly read: (content: Buffer) => unknown;
  readonly handle: (context: ServerContext, body: never, names: readonly string[]) => unknown;
}

function route<Body>(
  call: string,
  shape: Shape<Body>,
  handle: (context: ServerContext, body: Body, names: readonly string[]) => unknown,
): ControlRoute {
  const pattern = new RegExp(`^${call.replaceAll('*', '([^/]+)')}$`);
  return { pattern, read: (content) => shape.read(parsed(content), 'body'), handle };
}

/** A route whose body is binary. */
function binaryRoute(
  call: string,
  handle: (context: ServerContext, body: Buffer, names: readonly string[]) => unknown,
): ControlRoute {
  return { ...route(call, noBody, handle as never), read: (content) => content };
}

const optionalAmounts = <Name extends string>(names: readonly Name[]) =>
  object(Object.fromEntries(names.map((name) => [name, optional(amount)]))) as Shape<
    Partial<Record<Name, number>>
  >;

const amount: Shape<number> = {
  read(value, name) {
    if (typeof value !== 'number' || value < 0) throw invalidBody(`'${name}' is not an amount`);
    return value;
  },
};

const quotasShape = optionalAmounts([
  'pools',
  'activeJobsAndSchedules',
  'dedicatedCores',
  'lowPriorityCores',
]);

const timingsShape = optionalAmounts([
  'allocationSeconds',
  'bootSeconds',
  'agentSeconds',
  'leavingSeconds',
  'restoreSeconds',
  'settleSeconds',
  'emptyJobSeconds',
  'evictionsPerNodeHour',
]);

const capacityShape = object({ nodes: integer(-1), whenOut: optional(oneOf('fail', 'timeout')) });

const scriptsShape = list(
  object({ task: text({ min: 1 }), exitCode: integer(), afterSeconds: optional(amount) }),
);

const applicationPatch = object({ defaultVersion: optional(text()) });

const problemShape = optionalBody(object({ code: optional(text()), message: optional(text()) }));

const controlRoutes: readonly ControlRoute[] = [
  route('POST /reset', noBody, ({ reset }) => reset()),
  route('GET /clock', noBody, ({ account }) => clockView(account)),
  route('POST /clock', object({ stepSeconds: amount }), stepClock),
  route(
    'POST /pools/*/preempt',
    optionalBody(object({ count: optional(integer(1)) })),
    preemptSome,
  ),
  route('POST /pools/*/nodes/*/preempt', noBody, preemptOne),
  route('POST /pools/*/nodes/*/break', problemShape, breakOne),
  route('GET /faults', noBody, ({ faults }) => faults.pending()),
  route('POST /faults', anyJson, ({ faults: plan }, body) => {
    plan.add(faults.read(Array.isArray(body) ? body : [body], 'faults'));
    return plan.pending();
  }),
  route('DELETE /faults', noBody, ({ faults }) => faults.clear()),
  route('GET /quotas', noBody, ({ account }) => account.quotas),
  route('PUT /quotas', quotasShape, ({ account }, body) => {
    account.quotas = { ...account.quotas, ...body };
    return account.quotas;
  }),
  route('GET /pace', noBody, ({ account }) => account.timings),
  route('PUT /pace', timingsShape, ({ account }, body) => {
    account.timings = { ...account.timings, ...body };
    return account.timings;
  }),
  route('GET /supply', noBody, ({ account }) => capacityView(account)),
  route('PUT /supply', capacityShape, setCapacity),
  route('PUT /sizes', list(text({ min: 1 })), ({ account }, names) => {
    account.addedSizes = new Set(names);
    return names;
  }),
  binaryRoute('PUT /applications/*/versions/*', async ({ account }, archive, [id = '', v = '']) =>
    applicationView(await putPackage(account, id, v, archive)),
  ),
  route('PATCH /applications/*', applicationPatch, ({ account }, { defaultVersion }, [id = '']) =>
    applicationView(setDefaultVersion(account, id, defaultVersion)),
  ),
  route('DELETE /applications/*', noBody, ({ account }, _, [id = '']) =>
    dropApplication(account, id),
  ),
  route('PUT /scripts', scriptsShape, setScripts),
];

async function perform(
  context: ServerContext,
  call: string,
  request: http.IncomingMessage,
): Promise<unknown> {
  const content = await readAll(request);
  for (const { pattern, read, handle } of controlRoutes) {
    const match = pattern.exec(call);
    if (match === null) continue;
    const names = match.slice(1).map(decodeURIComponent);
    const body = read(content) as never;
    return context.account.runExclusive(() => handle(context, body, names));
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
  const { clock } = account.options;
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
  const { clock } = account.options;
  if (!(clock instanceof SteppedClock)) {
    throw new Refusal('OperationInvalidForCurrentState', [
      { key: 'Reason', value: 'The clock is not a stepped clock.' },
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
  body: TypeOf<typeof problemShape>,
  names: readonly string[],
): object {
  const node = nodeNamed(account, names);
  const code = body?.code ?? 'DiskFull';
  breakNode(account, node, [
    problemOf(code, body?.message ?? 'The node was broken through /_local'),
  ]);
  return { broken: [node.record.id] };
}

function capacityView({ capacity: { nodes, whenOut } }: Account): object {
  return { nodes: Number.isFinite(nodes) ? nodes : -1, whenOut };
}

function setCapacity(
  { account }: ServerContext,
  { nodes, whenOut }: TypeOf<typeof capacityShape>,
): object {
  account.capacity = {
    nodes: nodes === -1 ? Number.POSITIVE_INFINITY : nodes,
    whenOut: whenOut ?? account.capacity.whenOut,
  };
  return capacityView(account);
}

function setScripts({ account }: ServerContext, scripts: TypeOf<typeof scriptsShape>): object {
  account.scripts = scripts.map(({ task, exitCode, afterSeconds }) => ({
    pattern: wildcard(task),
    exitCode,
    afterSeconds: afterSeconds ?? 0,
  }));
  return scripts;
}
