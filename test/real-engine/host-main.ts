import fs from 'node:fs';
import path from 'node:path';
import { realClock } from '../../local/clock';
import { parseArgs } from 'node:util';
import { AZURITE_ACCOUNT } from '../../local/storage';
import { listen } from '../../local/http';
import { readHostSettings } from '../../local/functions/settings';
import { createTriggers } from '../../local/functions/triggers/triggers';
import { startEngine } from './engine';
import { appRequests } from './app-requests';
import { startWorker, type Worker } from './worker';

/**
 * A Functions host with the real extension, in the place of the local host's program: the same
 * options, the same message when it is ready. HTTP functions and timers are served as by the local
 * host; orchestrations, activities, blobs and queues by the extension.
 */
void main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { app: { type: 'string' }, port: { type: 'string' } },
    // The other options of the local host mean nothing here.
    strict: false,
  });
  const appFolder = String(values['app']);
  // oxlint-disable-next-line eslint/no-restricted-properties -- the app reads its settings there
  const environment = process.env;
  const log = (level: string, line: string) => process.stderr.write(`${level}: ${line}\n`);
  process.chdir(appFolder);
  const settings = readHostSettings(appFolder, environment);
  const worker = await startWorker({ environment, log, appFolder });
  const engine = await startEngine({
    worker,
    connectionString: connectionStringOf(environment),
    extensions: extensionsOf(appFolder),
    certificateFile: environment['NODE_EXTRA_CA_CERTS'],
  });
  log('information', `engine at ${engine.rpcUrl}`);

  const handler = appRequests(worker, settings.routePrefix, settings.maxBodyBytes);
  const front = await listen(handler, { port: Number(values['port'] ?? 0) });
  const triggers = await createTriggers({
    environment,
    log,
    clock: realClock,
    settings,
    catalog: onlyTimers(worker.catalog),
    runner: worker.runner,
  });
  await triggers.start();
  process.once('SIGTERM', () => {
    void Promise.all([triggers.stop(), front.close(), engine.stop()]).then(() => process.exit(0));
  });
  process.once('disconnect', () => process.exit(1));
  process.send?.({ kind: 'ready', url: front.url, rpcUrl: engine.rpcUrl });
}

/** The app uses its identity; the extension gets the key, so that the test needs no more. */
function connectionStringOf(environment: NodeJS.ProcessEnv): string {
  const { name, key } = AZURITE_ACCOUNT;
  const endpoints = ['blob', 'queue', 'table'].map((service) => {
    const url = environment[`AzureWebJobsStorage__${service}ServiceUri`] ?? '';
    return `${service[0]?.toUpperCase()}${service.slice(1)}Endpoint=${url}`;
  });
  return `DefaultEndpointsProtocol=https;AccountName=${name};AccountKey=${key};${endpoints.join(';')}`;
}

function onlyTimers(catalog: Worker['catalog']): Worker['catalog'] {
  return { ...catalog, withTrigger: (type) => (type === 'timer' ? catalog.withTrigger(type) : []) };
}

/** Those of the app, with times that suit a test. */
function extensionsOf(appFolder: string): Readonly<Record<string, unknown>> {
  const file = fs.readFileSync(path.join(appFolder, 'host.json'), 'utf8');
  const { extensions } = JSON.parse(file) as { readonly extensions: { durableTask: object } };
  const durableTask = {
    ...extensions.durableTask,
    useAppLease: false,
    storageProvider: {
      partitionCount: 1,
      maxQueuePollingInterval: '00:00:00.200',
      // The shortest times after which the messages that a killed host had are seen again.
      controlQueueVisibilityTimeout: '00:01:00',
      workItemQueueVisibilityTimeout: '00:01:00',
    },
    tracing: {},
  };
  return { durableTask, queues: { maxPollingInterval: '00:00:00.500' } };
}
