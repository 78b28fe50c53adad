import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen, type Listening } from '../../local/http';
import { seeded, type Seeded } from '../seeded';

/**
 * The calls that submitting takes, and nothing behind them: tasks are ids in a set. It answers at
 * once or after a delay, and does wrong as often as it is told to, the same wrong for the same seed.
 */
export interface Misdeeds {
  readonly seed: number;
  /** From 0 to 1: the share of calls that are answered 429 with a `Retry-After`. */
  readonly throttled: number;
  readonly retryAfterSeconds: number;
  /** Calls whose line is cut before they have an effect. */
  readonly cutBefore: number;
  /** Calls that have their effect, and whose answer is lost. */
  readonly cutAfter: number;
  /** Tasks of a collection that end in a `ServerError` and are not added. */
  readonly serverErrors: number;
  /** Tasks that are said to be added and are not. */
  readonly lost: number;
  /** Bodies of more bytes are too large. */
  readonly maxBytes: number;
}

const none: Misdeeds = {
  seed: 1,
  throttled: 0,
  retryAfterSeconds: 0,
  cutBefore: 0,
  cutAfter: 0,
  serverErrors: 0,
  lost: 0,
  maxBytes: 1024 ** 2,
};

export interface AcceptingBatch extends Listening {
  readonly ids: Set<string>;
  /** Tasks that have been sent, those that were sent again included. */
  readonly sent: { tasks: number; calls: number; mostAtOnce: number };
  /** From now on it does no wrong. */
  behave(): void;
  /** Forgets its tasks. */
  clear(): void;
}

export async function acceptingBatch(
  delayMs: number,
  misdeeds: Partial<Misdeeds> = {},
): Promise<AcceptingBatch> {
  const ids = new Set<string>();
  const sent = { tasks: 0, calls: 0, mostAtOnce: 0 };
  const state = { wrong: { ...none, ...misdeeds }, atOnce: 0 };
  const chance = seeded(state.wrong.seed);
  const server = await listen((request, response) => {
    state.atOnce += 1;
    sent.mostAtOnce = Math.max(sent.mostAtOnce, state.atOnce);
    response.once('close', () => (state.atOnce -= 1));
    void bodyOf(request).then((body) => {
      const answer = answerTo(request, body, { ids, sent, wrong: state.wrong, chance });
      if (delayMs === 0) send(response, answer);
      else setTimeout(() => send(response, answer), delayMs);
    });
  });
  return {
    ...server,
    ids,
    sent,
    behave: () => (state.wrong = none),
    clear: () => {
      ids.clear();
      Object.assign(sent, { tasks: 0, calls: 0, mostAtOnce: 0 });
    },
  };
}

interface World {
  readonly ids: Set<string>;
  readonly sent: AcceptingBatch['sent'];
  readonly wrong: Misdeeds;
  readonly chance: Seeded;
}

type Answer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body: object }
  | 'cut';

function answerTo(
  { method, url = '', headers }: IncomingMessage,
  body: Buffer,
  world: World,
): Answer {
  const { wrong, chance } = world;
  if (url === '/count') return { status: 200, body: { count: world.ids.size } };
  if (chance.next() < wrong.throttled) {
    return refusal(429, 'TooManyRequests', { 'retry-after': String(wrong.retryAfterSeconds) });
  }
  if (chance.next() < wrong.cutBefore) return 'cut';
  const { pathname, searchParams } = new URL(url, `http://${headers.host ?? 'localhost'}`);
  if (method === 'GET') return listFrom(world, Number(searchParams.get('skip') ?? 0), headers.host);
  if (method === 'PATCH') return { status: 200, body: {} };
  if (body.length > wrong.maxBytes) return refusal(413, 'RequestBodyTooLarge');
  const isCollection = pathname.endsWith('/addtaskcollection');
  const answer = isCollection ? addAll(body, world) : addOne(body, world);
  return chance.next() < wrong.cutAfter ? 'cut' : answer;
}

function addAll(body: Buffer, { ids, sent, wrong, chance }: World): Answer {
  const { value } = JSON.parse(body.toString()) as { value: { id: string }[] };
  sent.calls += 1;
  sent.tasks += value.length;
  const results = value.map(({ id: taskId }) => {
    if (ids.has(taskId)) return { taskId, status: 'ClientError', error: { code: 'TaskExists' } };
    if (chance.next() < wrong.serverErrors) return { taskId, status: 'ServerError' };
    if (chance.next() >= wrong.lost) ids.add(taskId);
    return { taskId, status: 'Success' };
  });
  return { status: 200, body: { value: results } };
}

function addOne(body: Buffer, { ids, sent }: World): Answer {
  const { id } = JSON.parse(body.toString()) as { id: string };
  sent.calls += 1;
  sent.tasks += 1;
  ids.add(id);
  return { status: 201, body: {} };
}

const PAGE = 1000;

function listFrom({ ids }: World, skip: number, host = ''): Answer {
  const page: { id: string }[] = [];
  let at = 0;
  for (const id of ids) {
    if (at >= skip + PAGE) break;
    if (at >= skip) page.push({ id });
    at += 1;
  }
  const next =
    skip + PAGE < ids.size ? `http://${host}/jobs/job/tasks?skip=${skip + PAGE}` : undefined;
  return { status: 200, body: { value: page, ...(next && { 'odata.nextLink': next }) } };
}

function refusal(status: number, code: string, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: { code, message: { lang: 'en-US', value: code } } };
}

function send(response: ServerResponse, answer: Answer): void {
  if (answer === 'cut') {
    response.destroy();
    return;
  }
  response.writeHead(answer.status, {
    'content-type': 'application/json;odata=minimalmetadata',
    ...answer.headers,
  });
  response.end(JSON.stringify(answer.body));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
