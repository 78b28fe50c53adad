import { BatchServiceClient } from '@azure/batch';
import { SecretClient } from '@azure/keyvault-secrets';
import { BlobServiceClient, BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { globSync } from 'tinyglobby';
import type { Right } from '../../../local/roles/built-in';
import { root, textAt } from '../deployment';
import {
  batchRight,
  managementRights,
  signatureRights,
  storageRights,
  tableRights,
  vaultRights,
} from './operations';

/** Calls of Azure found in source text, each with what it needs. */
export interface Found {
  readonly call: string;
  readonly rights: readonly Right[];
}

const batchClient = new BatchServiceClient(
  { signRequest: async (request) => request },
  'https://account.region.batch.azure.com',
);

/** Group by group, as the client itself has them. */
const batchMethods = new Map(
  Object.entries(batchClient).flatMap(([group, operations]) => {
    const methods =
      typeof operations === 'object' && operations !== null ? methodsOf(operations) : [];
    return methods.includes('list') || group === 'file' || group === 'account'
      ? [[group, new Set(methods)] as const]
      : [];
  }),
);

const storageMethods = new Set(
  [BlobServiceClient.prototype, ContainerClient.prototype, BlockBlobClient.prototype].flatMap(
    inherited,
  ),
);
const vaultMethods = new Set(inherited(SecretClient.prototype));

/** What runs as the person at the command line, with that person's rights. */
const OF_PERSONS = ['src/cli/**', 'src/azure/uploads.ts'];

/** Every call in the app's source. */
export function callsOfApp(): readonly Found[] {
  return globSync('src/**/*.ts', { cwd: root, ignore: OF_PERSONS }).flatMap((file) => [
    ...callsIn(textAt(file)),
  ]);
}

/** @throws Error for a call that no table knows: a new one needs its row */
export function* callsIn(source: string): Generator<Found> {
  const code = source.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*/g, '');
  if (/from '@azure\/batch'|\bclient\b/.test(code)) yield* batchCalls(code);
  if (/from '@azure\/storage-blob'/.test(code)) yield* storageCalls(code);
  if (/from '@azure\/data-tables'/.test(code)) yield* tableCalls(code);
  if (/from '@azure\/keyvault-secrets'/.test(code)) yield* vaultCalls(code);
  if (/interface Management\b/.test(code)) yield* managementCalls(code);
}

function* batchCalls(code: string): Generator<Found> {
  for (const [, group = '', method = ''] of code.matchAll(/\b(\w+)\s*\.(\w+)\(/g)) {
    if (batchMethods.get(group)?.has(method) !== true) continue;
    yield { call: `${group}.${method}`, rights: [batchRight(group, method)] };
  }
}

function* storageCalls(code: string): Generator<Found> {
  for (const [, method = ''] of code.matchAll(/\.(\w+)\(/g)) {
    if (!storageMethods.has(method)) continue;
    const rights = storageRights[method];
    if (rights === undefined) throw new Error(`no row says what ${method} of storage needs`);
    yield { call: method, rights };
  }
  for (const [, letters = ''] of code.matchAll(/SASPermissions\.parse\('(\w+)'\)/g)) {
    const rights = letters.split('').map((letter) => signatureRights[letter]);
    if (rights.includes(undefined))
      throw new Error(`no row says what a signature for ${letters} needs`);
    yield { call: `signature ${letters}`, rights: rights.filter((right) => right !== undefined) };
  }
}

function* tableCalls(code: string): Generator<Found> {
  for (const [, method = ''] of code.matchAll(/\bclient\s*\.(\w+)(?:<\w+>)?\(/g)) {
    const right = tableRights[method];
    if (right === undefined) throw new Error(`no row says what ${method} of tables needs`);
    yield { call: method, rights: [right] };
  }
}

function* vaultCalls(code: string): Generator<Found> {
  for (const [, method = ''] of code.matchAll(/\.(\w+)\(/g)) {
    if (!vaultMethods.has(method)) continue;
    const rights = vaultRights[method];
    if (rights === undefined) throw new Error(`no row says what ${method} of the vault needs`);
    yield { call: method, rights };
  }
}

/** Paths are written where they are read, a name in them as `${…}`. */
function* managementCalls(code: string): Generator<Found> {
  const reads = [...code.matchAll(/\bread\(management, (['`])(.*?)\1/g)];
  // The sizes of the region are the subscription's: the app has no right there, and does without.
  const dispensable = code.split('addressOf(management, path, subscriptionOf(').length - 1;
  const all = code.split('await read(').length - 1 + code.split('await allSizes(').length - 1;
  if (all !== reads.length + dispensable) {
    throw new Error('a read of the management plane does not show its path');
  }
  for (const [, , path = ''] of reads) {
    const form = path.replaceAll(/\$\{[^}]*\}/g, '*');
    const right = managementRights[form];
    if (right === undefined) throw new Error(`no row says what ${form} of the account needs`);
    yield { call: `management ${form}`, rights: [right] };
  }
}

function methodsOf(object: object): string[] {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(object));
  return names.filter((name) => name !== 'constructor');
}

/** Own methods and those of the classes above. */
function inherited(prototype: object): string[] {
  const above = Object.getPrototypeOf(prototype) as object | null;
  const own = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
  return above === null || above === Object.prototype ? own : [...own, ...inherited(above)];
}
