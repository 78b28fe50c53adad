import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TokenCredential } from '@azure/identity';
import { listen } from '../../../local/http';
import { batchOn } from '../../../src/azure/batch/batch';
import type { Service } from '../../../src/azure/batch/calls';
import { callBatch } from '../../../src/azure/batch/calls';
import { batchClientFor } from '../../../src/azure/connect';
import type { Batch, Secrets } from '../../../src/run/ports';
import type { Settings } from '../../../src/settings';

/** A request as it came over the line. */
export interface Asked {
  readonly method: string;
  /** Path and query, without the version of the API. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON; pieces are sent one by one. */
  readonly body?: object | string | readonly Buffer[];
  /** The line is cut: before anything is answered, or in the middle of the body. */
  readonly cut?: 'before' | 'within';
}

export type Script = (asked: Asked, number: number) => Answer;

/** The real client and the port on it, a server that answers as scripted, and what went over the line. */
export interface ScriptedBatch {
  readonly batch: Batch;
  readonly service: Service;
  readonly url: string;
  readonly asked: Asked[];
  readonly pauses: number[];
  readonly scopes: unknown[];
  close(): Promise<void>;
}

export const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJvaWQiOiJ4In0.c2VjcmV0LXNpZ25hdHVyZQ';

export interface ScriptedOptions {
  readonly accountKey?: Settings['batch']['accountKey'];
  readonly secrets?: Secrets;
  readonly retries?: number;
  /** The client waits for the rest of half an answer until its patience ends: time may pass here. */
  readonly afterCut?: () => void;
}

export async function scripted(
  script: Script | readonly Answer[],
  { accountKey = null, secrets = noSecrets, afterCut, retries = 3 }: ScriptedOptions = {},
): Promise<ScriptedBatch> {
  const asked: Asked[] = [];
  const answerTo: Script =
    typeof script === 'function' ? script : (_, number) => script[number - 1] ?? lastOf(script);
  const server = await listen((request, response) => {
    void read(request).then((one) => {
      asked.push(one);
      send(response, answerTo(one, asked.length), afterCut);
    });
  });

  const pauses: number[] = [];
  const scopes: unknown[] = [];
  const pacing = {
    pause: async (milliseconds: number) => void pauses.push(milliseconds),
    random: () => 0.5,
    retries,
  };
  const settings = { batch: { endpoint: server.url, accountKey, apiVersion: null } };
  const client = batchClientFor(settings, credentialNoting(scopes), secrets);
  return {
    batch: batchOn(client, pacing),
    service: { client, call: (request) => callBatch(pacing, request) },
    url: server.url,
    asked,
    pauses,
    scopes,
    close: () => server.close(),
  };
}

function lastOf(answers: readonly Answer[]): Answer {
  return answers.at(-1) ?? { status: 500 };
}

const noSecrets: Secrets = { read: () => Promise.reject(new Error('there is no vault')) };

function credentialNoting(scopes: unknown[]): TokenCredential {
  return {
    getToken: async (scope) => {
      scopes.push(scope);
      return { token: TOKEN, expiresOnTimestamp: Number.MAX_SAFE_INTEGER };
    },
  };
}

async function read(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const path = (request.url ?? '').replace(/[?&]api-version=[^&]*/, '');
  return {
    method: request.method ?? '',
    path: path.includes('?') ? path : path.replace('&', '?'),
    headers: request.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

function send(
  response: ServerResponse,
  { status, headers, body, cut }: Answer,
  afterCut: () => void = () => undefined,
): void {
  if (cut === 'before') {
    response.destroy();
    return;
  }
  const pieces = piecesOf(body);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  response.writeHead(status, {
    'content-type': 'application/json;odata=minimalmetadata',
    'content-length': cut === 'within' ? length + 100 : length,
    ...headers,
  });
  void sendPieces(response, pieces).then(() => {
    if (cut !== 'within') return response.end();
    response.destroy();
    return setImmediate(afterCut);
  });
}

/** Each piece goes out by itself, so that the client gets them as they were cut. */
async function sendPieces(response: ServerResponse, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    await new Promise((resolve) => response.write(piece, resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function piecesOf(body: Answer['body']): readonly Buffer[] {
  if (body === undefined) return [];
  if (Array.isArray(body)) return body as readonly Buffer[];
  return [Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))];
}

/** A refusal in the form in which the service writes it. */
export function refusal(
  status: number,
  code: string,
  text = 'The words of the service.',
  more: { readonly values?: readonly object[]; readonly headers?: Record<string, string> } = {},
): Answer {
  const value = `${text}\nRequestId:5d3f0d3a-0000-4000-8000-000000000000\nTime:2026-11-21T02:00:00.0000000Z`;
  return {
    status,
    headers: more.headers ?? {},
    body: {
      'odata.metadata': 'https://account/$metadata#errors/@Element',
      code,
      message: { lang: 'en-US', value },
      ...(more.values !== undefined && { values: more.values }),
    },
  };
}
