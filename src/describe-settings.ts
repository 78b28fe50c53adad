import type { Workload, Workloads } from './workload/workload';
import type { AccountKey, Settings } from './settings';

/** What the app goes by, in lines to be written down when it starts. No line holds a secret. */
export function describeSettings(settings: Settings, workloads: Workloads): readonly string[] {
  const { batch, storage, vaultUri, nodes } = settings;
  const identity = identityIn(settings);
  return [
    `Batch: ${address(batch.endpoint)}, ${keyIn(batch.accountKey) ?? identity}`,
    storage.kind === 'identity'
      ? `storage: ${address(storage.blobServiceUri)}, ${identity}`
      : `storage: ${accountIn(storage.text)}`,
    `Key Vault: ${vaultUri === null ? 'none' : `${address(vaultUri)}, ${identity}`}`,
    `nodes: ${nodes.vmSize} where a workload names no size, ${nodes.subnetId === null ? 'in no subnet of ours' : `in ${nodes.subnetId}`}`,
    `blob events: ${settings.blobTriggerSource}`,
    ...[...workloads.values()].map((workload) => lineOf(workload, settings.schedules)),
  ];
}

function identityIn({ identity }: Settings): string {
  if (!identity.managed) return 'as whoever is signed in here';
  return `as the managed identity${identity.clientId === null ? '' : ` ${identity.clientId}`}`;
}

function keyIn(key: AccountKey | null): string | undefined {
  if (key === null) return undefined;
  return key.kind === 'key'
    ? `with the key of account ${key.name} (***)`
    : `with the key of account ${key.name}, which is the secret ${key.secret} of the vault`;
}

/** An address may carry a name, a password or a SAS. */
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

/** When it runs and how large it may get, and what of it is not as declared. */
function lineOf(workload: Workload, schedules: Settings['schedules']): string {
  const { name, triggers, pool, deadlineMinutes } = workload;
  const schedule = schedules[name];
  const isOverridden = schedule !== undefined && schedule !== triggers.schedule;
  const reasons = [
    ...(schedule === undefined
      ? []
      : [
          `at "${schedule}"${isOverridden ? ` (set; declared: "${triggers.schedule ?? ''}")` : ''}`,
        ]),
    ...(triggers.blob === undefined ? [] : [`for each blob in ${triggers.blob.container}`]),
    'on request',
  ];
  return `workload ${name}: ${reasons.join(', ')}; at most ${pool.maxNodes} × ${pool.vmSize ?? 'the usual size'} for ${deadlineMinutes} minutes`;
}
