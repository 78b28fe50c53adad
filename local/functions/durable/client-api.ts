import type http from 'node:http';
import { isJson, readBody } from '../body';
import { managementUrls, type HubAddresses } from './client-urls';
import * as client from './client';
import { hasEnded, type Instance } from './records';
import { Pages } from './pages';
import { statusOf, type InstanceQuery } from './status';
import { getEntity, listEntities } from './entity-api';
import type { TaskHub } from './task-hub';
import { formatError } from '../../errors';
import type { ApiResponse, ApiCall } from './api-call';

/**
 * The HTTP API that the durable client speaks. It is served twice: under
 * `/runtime/webhooks/durabletask` for callers, and on the local RPC port for the app itself.
 */
export function durableApi(hub: TaskHub, addresses: () => HubAddresses): DurableApi {
  const pages = new Pages();
  return async (request, path, url) => {
    const segments = path.split('/').filter((part) => part !== '');
    const method = request.method ?? 'GET';
    const route = ROUTES.find((each) => each[0].includes(method) && fits(each[1], segments));
    if (route === undefined) return { status: 404 };
    try {
      const parts = segments.map(decodeURIComponent);
      const body = await readBody(request);
      const call = { hub, addresses: addresses(), pages, parts, url, request, body };
      const answer = await route[2](call);
      // A response never reports anything that a crash would undo, so the journal is written first.
      await hub.options.store.settled();
      return answer;
    } catch (error) {
      return refusal(error);
    }
  };
}

export type DurableApi = (
  request: http.IncomingMessage,
  path: string,
  url: URL,
) => Promise<ApiResponse>;
type Route = readonly [
  methods: string,
  path: readonly string[],
  handler: (call: ApiCall) => ApiResponse | Promise<ApiResponse>,
];

/** Matches a path segment without regard to case; a star matches any segment. */
const ROUTES: readonly Route[] = [
  ['POST', ['orchestrators', '*'], start],
  ['POST', ['orchestrators', '*', '*'], start],
  ['GET', ['instances'], list],
  ['DELETE', ['instances'], purgeMany],
  ['GET', ['instances', '*'], getStatus],
  ['DELETE', ['instances', '*'], purgeOne],
  ['POST', ['instances', '*', 'raiseEvent', '*'], raiseEvent],
  ['POST', ['instances', '*', 'terminate'], withRunning(client.terminate)],
  ['POST', ['instances', '*', 'suspend'], withRunning(client.suspend)],
  ['POST', ['instances', '*', 'resume'], withRunning(client.resume)],
  ['POST', ['instances', '*', 'rewind'], rewind],
  ['POST', ['instances', '*', 'restart'], restart],
  ['GET', ['entities'], listEntities],
  ['GET', ['entities', '*'], listEntities],
  ['GET', ['entities', '*', '*'], getEntity],
  ['POST', ['entities', '*', '*'], signal],
  ['DELETE', ['entities', '*', '*'], signal],
];

function fits(path: readonly string[], segments: readonly string[]): boolean {
  return (
    path.length === segments.length &&
    path.every((part, i) => part === '*' || part.toLowerCase() === segments[i]?.toLowerCase())
  );
}

async function start(call: ApiCall): Promise<ApiResponse> {
  const [, name = '', id] = call.parts;
  const input = call.body.length === 0 ? null : compactJson(call.body.toString('utf8'));
  if (input === undefined) return invalidJson();
  const version = call.url.searchParams.get('version');
  const wanted = { name, id, input, ...(version === null ? {} : { version }) };
  return started(call, await client.startNew(call.hub, wanted));
}

/** Replies 202 with the management addresses; or, with a wait, the result within that time. */
async function started(call: ApiCall, id: string): Promise<ApiResponse> {
  const seconds = Number(call.url.searchParams.get('timeout') ?? 'NaN');
  const isWaiting = call.url.searchParams.has('pollingInterval') && Number.isFinite(seconds);
  if (isWaiting) {
    const ended = await endedWithin(call.hub, id, seconds * 1000);
    if (ended?.status === 'Completed')
      return { status: 200, json: statusOf(ended, EVERYTHING).output };
    if (ended !== undefined) return statusAnswer(call, ended);
  }
  const urls = managementUrls(call.addresses, id);
  return {
    status: 202,
    json: urls,
    headers: { location: urls.statusQueryGetUri, 'retry-after': '10' },
  };
}

const EVERYTHING = { showInput: true, showHistory: false, showHistoryOutput: false };

function endedWithin(hub: TaskHub, id: string, ms: number): Promise<Instance | undefined> {
  return new Promise((resolve) => {
    const { clock } = hub.options;
    const cancel = clock.at(new Date(clock.now().getTime() + ms), () => resolve(undefined));
    void hub.ended(id).then((instance) => {
      cancel();
      resolve(instance);
    });
  });
}

function getStatus(call: ApiCall): ApiResponse {
  const instance = call.hub.find(call.parts[1] ?? '');
  return instance === undefined ? { status: 404 } : statusAnswer(call, instance);
}

function statusAnswer({ url, request }: ApiCall, instance: Instance): ApiResponse {
  const json = statusOf(instance, {
    showInput: flag(url, 'showInput', true),
    showHistory: flag(url, 'showHistory', false),
    showHistoryOutput: flag(url, 'showHistoryOutput', false),
  });
  if (!hasEnded(instance.status)) {
    const location = `http://${request.headers.host ?? ''}${request.url ?? ''}`;
    return { status: 202, json, headers: { location, 'retry-after': '5' } };
  }
  const isError =
    instance.status === 'Failed' && flag(url, 'returnInternalServerErrorOnFailure', false);
  return { status: isError ? 500 : 200, json };
}

const PAGE = 100;
const CONTINUATION = 'x-ms-continuation-token';

function list({ hub, url, request, pages }: ApiCall): ApiResponse {
  const query = queryOf(url);
  const ids = () => client.listInstances(hub, query).map(({ id }) => id);
  const top = Number(url.searchParams.get('top')) || PAGE;
  const page = pages.next(request.headers[CONTINUATION], top, ids);
  const detail = { ...EVERYTHING, showInput: flag(url, 'showInput', true) };
  const json = page.items.flatMap((id) => {
    const instance = hub.find(id);
    return instance === undefined ? [] : [statusOf(instance, detail)];
  });
  const headers = page.token === undefined ? {} : { [CONTINUATION]: page.token };
  return { status: 200, json, headers };
}

async function purgeMany({ hub, url }: ApiCall): Promise<ApiResponse> {
  const query = queryOf(url);
  if (query.createdFrom === undefined)
    return { status: 400, json: "Please provide value for 'createdTimeFrom' parameter." };
  const ids = client.endedIds(client.listInstances(hub, query));
  if (ids.length === 0) return { status: 404 };
  await client.purge(hub, ids);
  return { status: 200, json: { instancesDeleted: ids.length } };
}

async function purgeOne({ hub, parts: [, id = ''] }: ApiCall): Promise<ApiResponse> {
  if (hub.find(id) === undefined) return { status: 404 };
  await client.purgeEnded(hub, id);
  return { status: 200, json: { instancesDeleted: 1 } };
}

async function raiseEvent(call: ApiCall): Promise<ApiResponse> {
  const [, id = '', , name = ''] = call.parts;
  const instance = call.hub.find(id);
  if (instance === undefined) return { status: 404 };
  if (hasEnded(instance.status)) return { status: 410 };
  if (!isJson(call.request))
    return { status: 400, json: { Message: 'Only application/json request content is supported' } };
  const input = call.body.length === 0 ? null : compactJson(call.body.toString('utf8'));
  if (input === undefined) return invalidJson();

  await client.raiseEvent(call.hub, id, name, input);
  return { status: 202 };
}

function withRunning(
  act: (hub: TaskHub, id: string, reason: string | null) => Promise<void>,
): Route[2] {
  return async ({ hub, url, parts: [, id = ''] }) => {
    const instance = hub.find(id);
    if (instance === undefined) return { status: 404 };
    if (hasEnded(instance.status)) return { status: 410 };
    await act(hub, id, url.searchParams.get('reason'));
    return { status: 202 };
  };
}

async function rewind({ hub, url, parts: [, id = ''] }: ApiCall): Promise<ApiResponse> {
  await client.rewind(hub, id, url.searchParams.get('reason'));
  return { status: 202 };
}

async function restart(call: ApiCall): Promise<ApiResponse> {
  const [, id = ''] = call.parts;
  const withNewId = flag(call.url, 'restartWithNewInstanceId', true);
  return started(call, await client.restart(call.hub, id, withNewId));
}

async function signal({ hub, url, parts, request, body }: ApiCall): Promise<ApiResponse> {
  const [, entity = '', key = ''] = parts;
  const isDelete = request.method === 'DELETE';
  const name = isDelete ? 'delete' : (url.searchParams.get('op') ?? '');
  const text = body.toString('utf8');
  const input =
    body.length === 0 ? null : isJson(request) ? compactJson(text) : JSON.stringify(text);
  if (input === undefined) return invalidJson();
  await client.signalEntity(hub, entity, key, { name, input });
  return { status: 202 };
}

function queryOf(url: URL): InstanceQuery {
  const query = url.searchParams;
  return {
    statuses: new Set(
      query
        .getAll('runtimeStatus')
        .flatMap((each) => each.split(','))
        .filter(Boolean),
    ),
    createdFrom: timeOf(query.get('createdTimeFrom')),
    createdTo: timeOf(query.get('createdTimeTo')),
    idPrefix: query.get('instanceIdPrefix') ?? '',
  };
}

function timeOf(text: string | null): string | undefined {
  const time = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function flag(url: URL, name: string, otherwise: boolean): boolean {
  const text = url.searchParams.get(name)?.toLowerCase();
  return text === 'true' || (text === 'false' ? false : otherwise);
}

/** Returns the same JSON without white space, or undefined if the text is not JSON. */
function compactJson(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function invalidJson(): ApiResponse {
  return { status: 400, json: { Message: 'Invalid JSON content' } };
}

function refusal(error: unknown): ApiResponse {
  const message = formatError(error);
  const isRefusal = error instanceof client.DurableError;
  const status = isRefusal ? error.status : 500;
  // The library shows a text unchanged.
  if (status === 404 || status === 412) return { status, json: message };
  if (isRefusal && error.exceptionType === undefined) return { status, json: { Message: message } };

  const summary = isRefusal ? error.summary : undefined;
  const json = {
    Message: summary ?? (status === 400 ? BAD_ARGUMENT : WENT_WRONG),
    ExceptionMessage: message,
    ExceptionType: isRefusal ? error.exceptionType : 'System.Exception',
    StackTrace: error instanceof Error ? error.stack : undefined,
  };
  return { status, json };
}

const BAD_ARGUMENT = 'One or more of the arguments submitted is incorrect';
const WENT_WRONG = 'Something went wrong while processing your request';
