import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { MAX_BODY_BYTES } from './body';
import type { Versioning } from './durable/versions';
import { timeSpanMs } from './time-span';

/**
 * Everything that the host reads before the app runs: `host.json`, `local.settings.json`, and the
 * `%NAME%` in bindings.
 */

export type Environment = NodeJS.ProcessEnv;

/** `host.json`, as far as this host supports it. Defaults are those of the real host. */
export interface HostSettings {
  readonly routePrefix: string;
  /** Undefined: no limit. */
  readonly functionTimeoutMs: number | undefined;
  readonly maxBodyBytes: number;
  readonly blobs: { readonly poisonBlobThreshold: number; readonly maxDegreeOfParallelism: number };
  readonly queues: QueueSettings;
  readonly durable: DurableSettings;
}

export interface QueueSettings {
  readonly batchSize: number;
  readonly newBatchThreshold: number;
  readonly maxDequeueCount: number;
  readonly visibilityTimeoutMs: number;
  readonly maxPollingIntervalMs: number;
  readonly messageEncoding: 'base64' | 'none';
}

export interface DurableSettings {
  readonly hubName: string;
  readonly connectionName: string;
  readonly maxActivities: number;
  readonly maxOrchestrators: number;
  readonly maxActions: number;
  readonly httpPollMs: number;
  /** True when the id of an instance that still runs may be reused. */
  readonly replacesRunning: boolean;
  readonly storesInputs: boolean;
  readonly versioning: Versioning;
}

/** Reads `host.json`; settings named `AzureFunctionsJobHost__a__b` override it. */
export function readHostSettings(
  appFolder: string | undefined,
  environment: Environment,
): HostSettings {
  const file = appFolder === undefined ? undefined : path.join(appFolder, 'host.json');
  if (file !== undefined && !fs.existsSync(file))
    throw new Error(`${file} is missing; every Functions app has one.`);

  const written = file === undefined ? { version: '2.0' } : readJson(file);
  const parsed = hostJson.safeParse(withOverrides(written, environment));
  if (!parsed.success)
    throw new Error(`host.json cannot be used:\n${z.prettifyError(parsed.error)}`);
  return settingsFrom(parsed.data, environment);
}

const count = z.number().int().positive();
const span = z
  .string()
  .refine((text) => text === '-1' || timeSpanMs(text) !== undefined, 'must be hh:mm:ss');

/** One of these values, in any case. */
function strategy<const Name extends string>(...names: readonly Name[]) {
  const lower = names.map((name) => name.toLowerCase() as Lowercase<Name>);
  return z.string().toLowerCase().pipe(z.enum(lower)).optional();
}

const durableTask = z.looseObject({
  hubName: z.string().optional(),
  storageProvider: z
    .looseObject({ connectionName: z.string(), connectionStringName: z.string() })
    .partial()
    .optional(),
  maxConcurrentActivityFunctions: count.optional(),
  maxConcurrentOrchestratorFunctions: count.optional(),
  maxOrchestrationActions: count.optional(),
  overridableExistingInstanceStates: z.enum(['NonRunningStates', 'AnyState']).optional(),
  storeInputsInOrchestrationHistory: z.boolean().optional(),
  defaultVersion: z.string().nullish(),
  versionMatchStrategy: strategy('None', 'Strict', 'CurrentOrOlder'),
  versionFailureStrategy: strategy('Reject', 'Fail'),
  httpSettings: z
    .looseObject({ defaultAsyncRequestSleepTimeMilliseconds: count })
    .partial()
    .optional(),
});

const hostJson = z.looseObject({
  version: z.literal('2.0'),
  functionTimeout: span.nullish(),
  extensions: z
    .looseObject({
      http: z.looseObject({ routePrefix: z.string() }).partial(),
      blobs: z.looseObject({ poisonBlobThreshold: count, maxDegreeOfParallelism: count }).partial(),
      queues: z
        .looseObject({
          batchSize: count.max(32),
          newBatchThreshold: z.number().int().nonnegative(),
          maxDequeueCount: count,
          visibilityTimeout: span,
          maxPollingInterval: z.union([span, count]),
          messageEncoding: z.enum(['base64', 'none']),
        })
        .partial(),
      durableTask,
    })
    .partial()
    .optional(),
});

type HostJson = z.infer<typeof hostJson>;

function settingsFrom({ functionTimeout, extensions }: HostJson, env: Environment): HostSettings {
  const cores = os.availableParallelism();
  const { http, blobs, queues = {}, durableTask: durable = {} } = extensions ?? {};
  const batchSize = queues.batchSize ?? 16;
  const interval = queues.maxPollingInterval ?? '00:01:00';
  const provider = durable.storageProvider;
  return {
    routePrefix: (http?.routePrefix ?? 'api').replace(/^\/+|\/+$/g, ''),
    functionTimeoutMs: timeoutFrom(functionTimeout),
    maxBodyBytes: Number(settingOf(env, 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT')) || MAX_BODY_BYTES,
    blobs: {
      poisonBlobThreshold: blobs?.poisonBlobThreshold ?? 5,
      maxDegreeOfParallelism: blobs?.maxDegreeOfParallelism ?? 8 * cores,
    },
    queues: {
      batchSize,
      newBatchThreshold: queues.newBatchThreshold ?? Math.floor(batchSize / 2) * cores,
      maxDequeueCount: queues.maxDequeueCount ?? 5,
      visibilityTimeoutMs: spanMs(queues.visibilityTimeout ?? '00:00:00'),
      maxPollingIntervalMs: typeof interval === 'number' ? interval : spanMs(interval),
      messageEncoding: queues.messageEncoding ?? 'base64',
    },
    durable: {
      hubName: hubName(durable.hubName, env),
      connectionName:
        provider?.connectionName ?? provider?.connectionStringName ?? 'AzureWebJobsStorage',
      maxActivities: durable.maxConcurrentActivityFunctions ?? 10 * cores,
      maxOrchestrators: durable.maxConcurrentOrchestratorFunctions ?? 10 * cores,
      maxActions: durable.maxOrchestrationActions ?? 100_000,
      httpPollMs: durable.httpSettings?.defaultAsyncRequestSleepTimeMilliseconds ?? 30_000,
      replacesRunning: durable.overridableExistingInstanceStates === 'AnyState',
      storesInputs: durable.storeInputsInOrchestrationHistory ?? false,
      versioning: {
        defaultVersion: durable.defaultVersion ?? '',
        match: durable.versionMatchStrategy ?? 'currentorolder',
        failure: durable.versionFailureStrategy ?? 'reject',
      },
    },
  };
}

const MINUTE = 60_000;

function timeoutFrom(functionTimeout: string | null | undefined): number | undefined {
  if (functionTimeout === '-1') return undefined;
  return functionTimeout === null || functionTimeout === undefined
    ? 30 * MINUTE
    : spanMs(functionTimeout);
}

/** The milliseconds of a span that the shape of the file has accepted. */
function spanMs(text: string): number {
  return timeSpanMs(text) ?? 0;
}

/** The real host resolves `%NAME%` here only when it is the whole value. */
function hubName(written: string | undefined, environment: Environment): string {
  const setting = /^%([^%]+)%$/.exec(written ?? '')?.[1];
  const name =
    setting === undefined
      ? written
      : (environment[setting] ?? missing(setting, 'the task hub name'));
  const chosen = name ?? environment['WEBSITE_SITE_NAME'] ?? 'TestHubName';
  if (!/^[A-Za-z][A-Za-z0-9]{2,44}$/.test(chosen))
    throw new Error(
      `The task hub name '${chosen}' cannot be used: 3 to 45 letters and digits, a letter first.`,
    );
  return chosen;
}

const OVERRIDE = /^AzureFunctionsJobHost__(.+)$/i;

function withOverrides(written: unknown, environment: Environment): unknown {
  const merged = structuredClone(written) as Record<string, unknown>;
  for (const [key, value] of Object.entries(environment)) {
    const where = OVERRIDE.exec(key)?.[1]?.split('__');
    if (where !== undefined && value !== undefined) put(merged, where, scalar(value));
  }
  return merged;
}

/** Sets a nested member of `target`; names are compared without regard to case. */
function put(target: Record<string, unknown>, [head, ...rest]: string[], value: unknown): void {
  if (head === undefined) return;
  const key = Object.keys(target).find((k) => k.toLowerCase() === head.toLowerCase()) ?? head;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = target[key];
  const next: Record<string, unknown> =
    typeof inner === 'object' && inner !== null ? { ...inner } : {};
  target[key] = next;
  put(next, rest, value);
}

function scalar(text: string): unknown {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}

/**
 * Copies `Values` of `local.settings.json` into the environment. A variable that is set and not
 * empty takes precedence, as under Core Tools; a null is ignored.
 */
export function applyLocalSettings(appFolder: string, environment: Environment): void {
  for (const [name, value] of Object.entries(readLocalSettings(appFolder)?.Values ?? {})) {
    const present = environment[name];
    if (value !== null && (present === undefined || present === ''))
      environment[name] = String(value);
  }
}

/** The port that the app requests; `--port` overrides it, as under Core Tools. */
export function localPort(appFolder: string): number | undefined {
  return readLocalSettings(appFolder)?.Host?.LocalHttpPort;
}

function readLocalSettings(appFolder: string): z.infer<typeof localSettings> | undefined {
  const file = path.join(appFolder, 'local.settings.json');
  if (!fs.existsSync(file)) return undefined;
  const parsed = localSettings.safeParse(readJson(file));
  if (!parsed.success) throw new Error(`${file} cannot be used:\n${z.prettifyError(parsed.error)}`);
  if (parsed.data.IsEncrypted === true)
    throw new Error(`${file} is encrypted; decrypt it with 'func settings decrypt'.`);
  return parsed.data;
}

const localSettings = z.looseObject({
  IsEncrypted: z.boolean().optional(),
  Host: z.looseObject({ LocalHttpPort: z.coerce.number().int().optional() }).optional(),
  Values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
});

/** Replaces every `%NAME%` by the app setting of that name. */
export function resolveSettings(text: string, environment: Environment, where: string): string {
  return text.replaceAll(
    /%([^%]+)%/g,
    (_, name: string) => settingOf(environment, name) ?? missing(name, where),
  );
}

/** An app setting. The real host compares their names without regard to case. */
export function settingOf(environment: Environment, name: string): string | undefined {
  const exact = environment[name];
  if (exact !== undefined) return exact;
  const wanted = name.toLowerCase();
  const key = Object.keys(environment).find((each) => each.toLowerCase() === wanted);
  return key === undefined ? undefined : environment[key];
}

function missing(setting: string, where: string): never {
  throw new Error(`'%${setting}%' in ${where} does not resolve: the app setting does not exist.`);
}

/** .NET accepts comments and trailing commas. */
function readJson(file: string): unknown {
  const text = fs.readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  const bare = without(/\/\/[^\n]*|\/\*[^]*?\*\//, text);
  try {
    return JSON.parse(without(/,(?=\s*[}\]])/, bare));
  } catch (cause) {
    throw new Error(`${file} is not JSON.`, { cause });
  }
}

/** Removes the matches outside the text's strings. */
function without({ source }: RegExp, json: string): string {
  const either = new RegExp(String.raw`("(?:\\.|[^"\\])*")|(?:${source})`, 'g');
  return json.replaceAll(either, (_, string: string | undefined) => string ?? '');
}
