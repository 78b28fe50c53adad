// What both hooks need: the azd environment, a token from azd itself, calls of Azure's management
// API. Node and azd are all they use; they write no file, so there is nothing to clean up.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** What the app registers: see scripts/describe-app.mjs. */
export const app = JSON.parse(
  readFileSync(fileURLToPath(new URL('../app.json', import.meta.url)), 'utf8'),
);

const { values: options } = parseArgs({
  options: {
    /** Another cloud's, such as https://management.usgovcloudapi.net */
    management: { type: 'string', default: 'https://management.azure.com' },
    /** Maximum wait for resources that become available some time after a first deployment. */
    'timeout-seconds': { type: 'string', default: '600' },
    'pause-seconds': { type: 'string', default: '10' },
  },
});

/** Runs a hook: its failure is one sentence and exit code 1. */
export async function runHook(work) {
  try {
    await work();
  } catch (error) {
    process.stderr.write(`${withoutKeys(error.message)}\n`);
    process.exitCode = 1;
  }
}

export function say(words) {
  process.stdout.write(`${words}\n`);
}

/** Values of the azd environment; azd hands them to its hooks. */
export function settings(...names) {
  // oxlint-disable-next-line eslint/no-restricted-properties -- azd speaks to its hooks through it
  const { env } = process;
  const missing = names.filter((name) => !env[name]);
  if (missing.length > 0) {
    throw new Error(
      `${missing.join(', ')} not set: run this through azd, such as "azd provision" or "azd hooks run postdeploy"`,
    );
  }
  return names.map((name) => env[name]);
}

let token;

/**
 * One call of the management API. Null for what is not there, which is an answer here, and for what
 * the app itself is to answer while it is still starting: App Service says that with 400.
 */
export async function manage(method, path, body) {
  token ??= tokenFromAzd();
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(`${options.management}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isStarting = response.status === 400 && /from host runtime/i.test(text);
    if (response.status === 404 || isStarting) return null;
    if (response.ok) return text === '' ? {} : JSON.parse(text);
    const passing = response.status === 429 || response.status >= 500;
    if (!passing || attempt === 5) {
      throw new Error(`${method} ${withoutKeys(path)} answered ${response.status}: ${said(text)}`);
    }
    const asked = Number(response.headers.get('retry-after'));
    await sleep(1000 * Math.min(30, asked > 0 ? asked : Number(options['pause-seconds'])));
  }
}

/** Polls until something is there. */
export async function waitFor(what, look) {
  const pauseSeconds = Number(options['pause-seconds']);
  const looks = Math.ceil(Number(options['timeout-seconds']) / pauseSeconds) + 1;
  for (let number = 1; number <= looks; number++) {
    const found = await look();
    if (found !== undefined) return found;
    if (number === 1) say(`waiting for ${what}`);
    if (number < looks) await sleep(1000 * pauseSeconds);
  }
  throw new Error(
    `${what}: not there after ${options['timeout-seconds']} seconds; look at the app's log, then run "azd hooks run postdeploy"`,
  );
}

function tokenFromAzd() {
  const scope = `${options.management}//.default`;
  try {
    const answer = execFileSync('azd', ['auth', 'token', '--scope', scope, '--output', 'json'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return JSON.parse(answer).token;
  } catch (cause) {
    throw new Error(
      `azd gave no token (${firstLine(cause.stderr ?? cause.message)}): run "azd auth login"`,
      {
        cause,
      },
    );
  }
}

function said(text) {
  try {
    const answer = JSON.parse(text);
    const { code, message } = answer.error ?? { code: answer.Code, message: answer.Message };
    return firstLine(`${code}: ${message}`);
  } catch {
    return firstLine(text);
  }
}

function firstLine(text) {
  return String(text).trim().split('\n')[0];
}

/** A key in an address must not reach a log. */
function withoutKeys(text) {
  return String(text).replaceAll(/\b(code|sig)=[^&\s"']+/gi, '$1=***');
}
