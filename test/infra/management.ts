import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listen, type Listening } from '../../local/http';
import { root } from './deployment';

/** Azure's management API as far as the hooks know it: resources by path, and two POST actions. */
export class Management {
  readonly resources = new Map<string, { properties: Record<string, unknown> }>();
  readonly requests: { readonly method: string; readonly path: string }[] = [];
  /** Answers before anything else, once each. */
  readonly upsets: { readonly status: number; readonly body: string }[] = [];
  /** The app's key for blob events appears after this many requests for it. */
  keyAfter = 0;
  /** So many requests for its keys find the app still starting. */
  startsFor = 0;
  /** So many times the app does not answer Event Grid. */
  refusesEvents = 0;
  readonly key = 'key/with+signs==';

  get writes(): readonly string[] {
    return this.requests
      .filter(({ method }) => method === 'PUT' || method === 'DELETE')
      .map(({ method, path }) => `${method} ${path.split('/providers/')[1] ?? path}`);
  }

  readonly answer = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
      const method = request.method ?? '';
      this.requests.push({ method, path: pathname });
      const upset = this.upsets.shift();
      const [status, body] =
        upset === undefined
          ? this.#reply(method, pathname, Buffer.concat(chunks).toString('utf8'))
          : [upset.status, upset.body];
      const isAllowed = request.headers['authorization'] === 'Bearer token-of-azd';
      response.writeHead(isAllowed ? status : 401, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  };

  #reply(method: string, at: string, body: string): [number, unknown] {
    if (at.endsWith('/host/default/listKeys')) {
      // As in https://github.com/Azure/azure-cli/issues/11176.
      if (this.startsFor-- > 0) return [400, STARTING];
      this.keyAfter -= 1;
      return [200, { systemKeys: this.keyAfter < 0 ? { blobs_extension: this.key } : {} }];
    }
    if (at.endsWith('/getFullUrl')) {
      const { destination } = (this.resources.get(path.posix.dirname(at))?.properties ?? {}) as {
        destination?: { properties: { endpointUrl: string } };
      };
      return [200, { endpointUrl: destination?.properties.endpointUrl }];
    }
    if (method === 'PUT') {
      const { properties } = JSON.parse(body) as { properties: Record<string, unknown> };
      const provisioningState = this.refusesEvents-- > 0 ? 'Failed' : 'Succeeded';
      this.resources.set(at, { properties: { ...properties, provisioningState } });
      return [201, {}];
    }
    if (method === 'DELETE') return [this.resources.delete(at) ? 200 : 404, {}];
    if (at.endsWith('/eventSubscriptions')) {
      const names = [...this.resources.keys()].filter((one) => one.startsWith(`${at}/`));
      return [200, { value: names.map((one) => ({ name: path.posix.basename(one) })) }];
    }
    const found = this.resources.get(at);
    return found === undefined ? [404, {}] : [200, found];
  }
}

const STARTING = {
  Code: 'BadRequest',
  Message: 'Encountered an error (ServiceUnavailable) from host runtime.',
};

export interface HookRun {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
  /** What the hook left in its folder for temporary files. */
  readonly left: readonly string[];
}

export interface HookWay {
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
  readonly shell?: string;
  readonly cwd?: string;
}

export const HOOK_ENVIRONMENT = {
  AZURE_SUBSCRIPTION_ID: 'sub',
  AZURE_RESOURCE_GROUP: 'rg-try',
  NIGHTSHIFT_VAULT: 'kv-try',
  NIGHTSHIFT_EVENT_TOPIC: 'evgt-try',
  SERVICE_APP_NAME: 'func-try',
  SERVICE_APP_URL: 'https://func-try.azurewebsites.net',
};

/** A machine on which azd is signed in, and the management API. */
export class Machine {
  readonly management = new Management();
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'hooks-'));
  #server: Listening | undefined;

  async start(): Promise<this> {
    this.#server = await listen(this.management.answer);
    mkdirSync(this.temp);
    this.#program('azd', `console.log(JSON.stringify({ token: 'token-of-azd' }));`);
    return this;
  }

  get temp(): string {
    return path.join(this.#folder, 'temp');
  }

  signOut(): void {
    this.#program('azd', `console.error('ERROR: not logged in'); process.exit(1);`);
  }

  /** Through the wrapper that azd runs: by its own name, or by a shell's. */
  run(
    hook: 'postprovision' | 'postdeploy',
    { environment = HOOK_ENVIRONMENT, timeoutSeconds = 1, shell, cwd = root }: HookWay = {},
  ): Promise<HookRun> {
    const wrapper = path.join(root, 'infra/hooks', `${hook}.sh`);
    const args = ['--management', this.#server?.url ?? '', '--pause-seconds', '0.02'];
    args.push('--timeout-seconds', String(timeoutSeconds));
    const [program, ...rest] = shell === undefined ? [wrapper] : [shell, wrapper];
    const child = spawn(program, [...rest, ...args], {
      cwd,
      env: {
        PATH: [this.#folder, path.dirname(process.execPath), '/usr/bin', '/bin'].join(
          path.delimiter,
        ),
        TMPDIR: this.temp,
        ...environment,
      },
    });
    const texts = { out: '', error: '' };
    child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (texts.error += chunk.toString('utf8')));
    return new Promise((resolve) => {
      child.on('close', (code) => resolve({ code, ...texts, left: readdirSync(this.temp) }));
    });
  }

  async stop(): Promise<void> {
    await this.#server?.close();
    rmSync(this.#folder, { recursive: true });
  }

  #program(name: string, script: string): void {
    const file = path.join(this.#folder, name);
    writeFileSync(file, `#!${process.execPath}\n${script}\n`);
    chmodSync(file, 0o755);
  }
}
