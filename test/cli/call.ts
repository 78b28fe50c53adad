import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { onTestFinished } from 'vitest';
import { commands } from '../../src/cli/commands';
import { run, type CommandContext } from '../../src/cli/program';

/** The command line in this process, and an API that it speaks to. */

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Asked {
  readonly call: string;
  readonly body: unknown;
  readonly key: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** A server that answers each call, such as `GET /api/runs`, as the function says. */
export async function serving(answer: (asked: Asked) => Reply) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const { headers } = request;
      const one: Asked = {
        call: `${request.method} ${request.url}`,
        body: text === '' ? null : JSON.parse(text),
        key: headers['x-functions-key'] as string | undefined,
        headers,
      };
      asked.push(one);
      const { status = 200, headers: extra = {}, body } = answer(one);
      response.writeHead(status, { 'content-type': 'application/json', ...extra });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A server that gives these replies one after another. */
export function serverOf(...replies: readonly Reply[]) {
  const left = [...replies];
  return serving(() => left.shift() ?? { status: 500, body: 'no reply' });
}

/** A server with an answer for each call; other calls are a problem document with status 404. */
export function apiWith(answers: Readonly<Record<string, unknown>>) {
  return serving(({ call }) => {
    const found = answers[call];
    if (found !== undefined) return { body: found };
    const detail = `nothing answers ${call}`;
    return { status: 404, body: { title: 'unknownRun', detail } };
  });
}

export interface CallOptions extends Partial<Omit<CommandContext, 'write' | 'writeError'>> {
  readonly key?: string;
  /** The answer to each question; left out where nobody can be asked. */
  readonly answer?: boolean;
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly waits: readonly number[];
}

export async function call(
  url: string,
  args: readonly string[],
  { key, answer, ...context }: CallOptions = {},
): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  const waits: number[] = [];
  const code = await run(commands, args, {
    environment: { NIGHTSHIFT_URL: url, ...(key !== undefined && { NIGHTSHIFT_KEY: key }) },
    write: (text) => void (stdout += text),
    writeError: (text) => void (stderr += text),
    now: () => new Date('2026-11-30T12:00:00Z'),
    wait: async (milliseconds) => void waits.push(milliseconds),
    confirm: answer === undefined ? null : async () => answer,
    terminal: null,
    folder: tmpdir(),
    root: tmpdir(),
    platform: 'linux',
    openUrl: async () => false,
    fetchHostKey: async () => {
      throw new Error('no key can be fetched in this test');
    },
    ...context,
  });
  return { code, stdout, stderr, waits };
}

/** Lines that are wider than 80 columns. */
export function tooWide(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.length > 80);
}
