import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables';
import { startPart } from '../../local/part';
import { ACCOUNT, folderWithScripts, NODE_PATH, preloaded } from './accounts';

/** A table service as the app may find one, over plain http and signed with the account's key. */
export interface TestTables {
  readonly url: string;
  client(table: string, options?: { readonly key?: string; readonly url?: string }): TableClient;
  stop(): Promise<void>;
}

export async function startTables(): Promise<TestTables> {
  const folder = folderWithScripts();
  const port = await freePort();
  const part = await startPart({
    name: 'Azurite Table',
    script: require.resolve('azurite/dist/src/table/main.js'),
    execArgv: preloaded(folder),
    args: [
      '--tablePort',
      port,
      '--location',
      join(folder, 'data'),
      '--silent',
      '--disableTelemetry',
    ],
    env: { PATH: NODE_PATH },
    readyLine: /Azurite Table service successfully started on (\S+)/,
    log: () => undefined,
  });
  const url = `http://${part.url}/${ACCOUNT.name}`;
  return {
    url,
    client: (table, { key = ACCOUNT.key, url: address = url } = {}) =>
      new TableClient(address, table, new AzureNamedKeyCredential(ACCOUNT.name, key), {
        allowInsecureConnection: true,
        retryOptions: { maxRetries: 0 },
      }),
    stop: async () => {
      await part.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** This service prints the port that it was asked for, so that it cannot choose one. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}
