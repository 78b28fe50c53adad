import { type CommandLine, type Options, defineCommand } from '../command-line';
import { autoStorageModes, isAutoStorageMode } from './auto-storage-mode';

/** The published account: it protects nothing, the port is on the loopback address. */
export const ACCOUNT = {
  name: 'devbatchaccount1',
  key: 'bmlnaHRzaGlmdCBsb2NhbCBiYXRjaCBhY2NvdW50IGtleSwga25vd24gdG8gYWxs',
};

const usage = (call: string) => `${call} [options]
  Starts the Batch stand-in alone and prints its endpoint, account and key.
  --port N             port to listen on, 0 for a free one (10100)
  --host A             address to listen on (127.0.0.1); any other one needs --allow-host, and lets
                       everybody who reaches it run programs on this machine
  --allow-host H       host name of requests in addition to 127.0.0.1 and localhost, without a
                       port; may be repeated
  --folder F           folder of the state and of the nodes (.nightshift/batch)
  --speed N            clock time for each second of real time (1)
  --account A          account name (${ACCOUNT.name})
  --key K              account key, in base64
  --auto-storage C     connection string of the storage account for auto-storage,
                       UseDevelopmentStorage=true for Azurite
  --auto-storage-mode M
                       StorageKeys, or BatchAccountManagedIdentity: with an identity, nodes of
                       pools with application packages never finish starting (StorageKeys)
  --blob-endpoint U    blob endpoint for mounts, {account} stands for the account name;
                       http://127.0.0.1:10000/{account} for Azurite
  --oauth basic        accept Entra tokens: audience and dates are checked, the signature is not
  --cert F             certificate file in PEM, with --cert-key: speak TLS
  --cert-key F         key file of the certificate
  --quiet              print nothing but how to reach it
`;

const options = {
  port: { type: 'string', default: '10100' },
  host: { type: 'string', default: '127.0.0.1' },
  'allow-host': { type: 'string', multiple: true, default: [] },
  folder: { type: 'string', default: '.nightshift/batch' },
  speed: { type: 'string', default: '1' },
  account: { type: 'string', default: ACCOUNT.name },
  key: { type: 'string', default: ACCOUNT.key },
  'auto-storage': { type: 'string' },
  'auto-storage-mode': { type: 'string', default: 'StorageKeys' },
  'blob-endpoint': { type: 'string' },
  oauth: { type: 'string' },
  cert: { type: 'string' },
  'cert-key': { type: 'string' },
  quiet: { type: 'boolean', default: false },
} as const satisfies Options;

export type BatchCommand = CommandLine<typeof options>;

function commandNamed(call: string, argumentsAfter: string): BatchCommand {
  return defineCommand({
    call,
    usage: usage(`${call}${argumentsAfter}`),
    options,
    ports: ['port'],
    check: ({ speed, oauth, cert, 'cert-key': certKey, 'auto-storage-mode': mode, ...others }) => {
      if (!isAutoStorageMode(mode))
        return `--auto-storage-mode can only be ${autoStorageModes.join(' or ')}, not ${JSON.stringify(mode)}`;
      if (!(Number(speed) > 0))
        return `--speed must be a number above 0, not ${JSON.stringify(speed)}`;
      if (oauth !== undefined && oauth !== 'basic')
        return `--oauth can only be "basic", not ${JSON.stringify(oauth)}`;
      if ((cert === undefined) !== (certKey === undefined))
        return '--cert and --cert-key go together';
      return checkHosts(others.host, others['allow-host']);
    },
  });
}

const HOST_NAME = /^(?:[\w-]+(?:\.[\w-]+)*|\[[\da-f:.]+\])$/i;
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/;

/** Returns true for an address that only this machine reaches. */
export function isOwnAddress(host: string): boolean {
  return LOOPBACK.test(host);
}

function checkHosts(host: string, allowed: readonly string[]): string | undefined {
  const invalid = allowed.find((name) => !HOST_NAME.test(name));
  if (invalid !== undefined)
    return `--allow-host must be a host name without a port, not ${JSON.stringify(invalid)}`;
  return isOwnAddress(host) || allowed.length > 0
    ? undefined
    : `--host ${host} needs --allow-host with the host name by which clients reach it, such as localhost`;
}

/** The call of the Batch stand-in as a program of this repository. */
export const batchCommand = commandNamed('npm run batch', ' --');

/** The call of the Batch stand-in as a package. */
export const packagedCommand = commandNamed('nightshift-batch', '');
