// Starts the package in the local Functions host: what is there alone must be enough. Storage and
// identity are the stand-ins of the local environment; nothing is asked of Batch and vault yet.

import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';

/** What the app must be told before it starts. */
export const SETTINGS = {
  BATCH_ACCOUNT_ENDPOINT: 'https://account.region.batch.azure.com',
  AzureWebJobsStorage__blobServiceUri: 'https://account.blob.core.windows.net',
  KEY_VAULT_URI: 'https://vault.vault.azure.net',
  BLOB_TRIGGER_SOURCE: 'EventGrid',
  FUNCTIONS_WORKER_RUNTIME: 'node',
};

const TIMEOUT_MS = 60_000;

/** Returns the names of the functions that the host serves. */
export async function functionsServed(root, folder, dataFolder) {
  const ends = [];
  try {
    const env = await surroundings(root, dataFolder, ends);
    const host = startHost(root, folder, dataFolder, env);
    ends.push(() => ended(host.child));
    const url = await ready(host);
    const response = await fetch(`${url}/admin/functions`);
    if (!response.ok) throw new Error(`the host answered ${response.status} for its functions`);
    return (await response.json()).map(({ name }) => name).toSorted();
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function surroundings(root, dataFolder, ends) {
  const compiled = path.join(root, 'dist/local');
  const require = createRequire(path.join(compiled, 'x.js'));
  const { realClock } = require('./clock.js');
  const certificate = await require('./certificate.js').certificateIn(
    path.join(dataFolder, 'certificate'),
  );
  const identity = await require('./identity.js').startIdentity(0, realClock.now);
  ends.push(() => identity.close());
  const storage = await require('./storage.js').startStorage({
    folder: path.join(dataFolder, 'storage'),
    certificate,
    ports: { blob: 0, queue: 0, table: 0 },
    compiled,
    path: process.env.PATH,
    log: () => {},
  });
  ends.push(() => storage.stop());
  return {
    AzureWebJobsStorage__credential: 'managedidentity',
    AzureWebJobsStorage__blobServiceUri: storage.blobUrl,
    AzureWebJobsStorage__queueServiceUri: storage.queueUrl,
    AzureWebJobsStorage__tableServiceUri: storage.tableUrl,
    IDENTITY_ENDPOINT: identity.endpoint,
    IDENTITY_HEADER: identity.header,
    NODE_EXTRA_CA_CERTS: certificate.certFile,
  };
}

function startHost(root, folder, dataFolder, env) {
  const script = path.join(root, 'dist/local/functions/main.js');
  const data = path.join(dataFolder, 'host');
  const child = fork(script, ['--app', folder, '--data', data, '--port', '0', '--rpc-port', '0'], {
    cwd: folder,
    // Nothing of this machine's environment, lest the package live on it.
    env: { PATH: process.env.PATH, ...SETTINGS, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const host = { child, log: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => (host.log += chunk));
  }
  return host;
}

function ready(host) {
  return new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`the package ${why}:\n${host.log}`));
    const timer = setTimeout(() => fail('did not start in a minute'), TIMEOUT_MS);
    host.child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with code ${code} instead of starting`);
    });
    host.child.on('message', (message) => {
      if (message.kind !== 'ready') return;
      clearTimeout(timer);
      resolve(message.url);
    });
  });
}

function ended(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.removeAllListeners('exit');
    child.once('exit', resolve);
    child.kill();
  });
}
