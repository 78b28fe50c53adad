import { app } from '@azure/functions';
import type * as Extensions from '@azure/functions-extensions-base';
import { createRequire } from 'node:module';

/** The inputs of the functions below, in the order of their calls. */
export const seen: { readonly queue: Call[]; readonly blob: Call[] } = { queue: [], blob: [] };

interface Call {
  readonly value: unknown;
  readonly dequeueCount?: unknown;
}

const connection = 'AzureWebJobsStorage';

export function registerTriggers(): void {
  // The function needs no client of the blob, only its name. The library's own copy is a CommonJS
  // module, whose names an import does not find.
  const { ResourceFactoryResolver } = createRequire(__filename)(
    '@azure/functions-extensions-base',
  ) as typeof Extensions;
  ResourceFactoryResolver.getInstance().registerResourceFactory('AzureStorageBlobs', () => null);
  app.storageQueue('work', {
    queueName: 'work',
    connection,
    handler: (message, { triggerMetadata }) => {
      seen.queue.push({ value: message, dequeueCount: Number(triggerMetadata?.['dequeueCount']) });
      if (message === 'bad') throw new Error('a bad message');
    },
  });
  app.storageBlob('inbox', {
    path: 'inbox/{name}.csv',
    connection,
    sdkBinding: true,
    handler: (_, { triggerMetadata }) => {
      const blob = String(triggerMetadata?.['blobTrigger']);
      seen.blob.push({ value: blob });
      if (blob.endsWith('bad.csv')) throw new Error('a bad blob');
    },
  });
}
