import type { Workload, Workloads } from './workload/workload';
import type { AccountKey, Settings } from './settings';

/** The settings in effect, as lines for the log at start. No line contains a secret. */
export function describeSettings(settings: Settings, workloads: Workloads): readonly string[] {
  const { batch, storage, vaultUri, nodes } = settings;
  const identity = identityIn(settings);
  return [
    `Batch: ${address(batch.endpoint)}, ${keyIn(batch.accountKey) ?? identity}`,
    storage.kind === 'identity'
      ? `storage: ${address(storage.blobServiceUri)}, ${identity}`
      : `storage: ${accountIn(storage.text)}`,
    `Key Vault: ${vaultUri === null ? 'none' : `${address(vaultUri)}, ${identity}`}`,
    `nodes: ${nodes.vmSize} by default, ${nodes.subnetId === null ? 'in a network of Batch' : `in ${nodes.subnetId}`}`,
    `blob events: ${settings.blobTriggerSource}`,
    `bounds: ${boundsIn(settings)}`,
    ...settings.notify.map(({ to, on, form }) => `notices to ${to} (${form}): ${on.join(', ')}`),
    ...telemetryIn(settings),
    ...[...workloads.values()].map((workload) => lineOf(workload, settings.schedules)),
  ];
}

/** Without a line where telemetry is switched off. The values of headers are credentials. */
function telemetryIn({ collector }: Settings): readonly string[] {
  if (collector === null) return [];
  const names = Object.keys(collector.headers).map((name) => `${name} (***)`);
  const headers = names.length === 0 ? '' : `, with the headers ${names.join(', ')}`;
  return [`telemetry: traces and metrics to ${address(collector.endpoint)}${headers}`];
}

function boundsIn({ sums }: Settings): string {
  const { maxActiveRuns, maxStartsPerMinute, monthlyNodeMinutes, monthlyCost } = sums;
  return [
    `${maxActiveRuns} active runs`,
    `${maxStartsPerMinute} starts a minute`,
    ...(monthlyNodeMinutes === null ? [] : [`${monthlyNodeMinutes} node-minutes a month`]),
    ...(monthlyCost === null ? [] : [`a cost of ${monthlyCost} a month`]),
  ].join(', ');
}

function identityIn({ identity }: Settings): string {
  if (!identity.managed) return 'as the user who is signed in';
  return `as the managed identity${identity.clientId === null ? '' : ` ${identity.clientId}`}`;
}

function keyIn(key: AccountKey | null): string | undefined {
  if (key === null) return undefined;
  return key.kind === 'key'
    ? `with the key of account ${key.name} (***)`
    : `with the key of account ${key.name}, which is the secret ${key.secret} in the vault`;
}

/** An address without the user, password or SAS that it may contain. */
function address(text: string): string {
  const { origin, pathname } = new URL(text);
  return `${origin}${pathname}`.replace(/\/$/, '');
}

function accountIn(connectionString: string): string {
  const name = /(?:^|;)AccountName=([^;]+)/i.exec(connectionString)?.[1];
  return name === undefined
    ? 'the emulator on this machine'
    : `with the key of account ${name} (***)`;
}

/** The triggers and limits of a workload, with what differs from its declaration. */
function lineOf(workload: Workload, schedules: Settings['schedules']): string {
  const { name, triggers, pool, deadlineMinutes } = workload;
  const declared = triggers.schedule?.[0]?.cron ?? '';
  const reasons = [
    ...(schedules[name] ?? []).map(({ cron, timeZone, index }) => {
      const isOverridden = index === 0 && cron !== declared;
      return `at "${cron}" in ${timeZone}${isOverridden ? ` (app setting; declared: "${declared}")` : ''}`;
    }),
    ...(triggers.blob === undefined ? [] : [`for each blob in ${triggers.blob.container}`]),
    'on request',
  ];
  return `workload ${name}: ${reasons.join(', ')}; at most ${pool.maxNodes} × ${pool.vmSize ?? 'default size'} for ${deadlineMinutes} minutes`;
}
