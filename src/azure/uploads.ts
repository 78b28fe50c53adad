import { DefaultAzureCredential } from '@azure/identity';
import {
  BlobServiceClient,
  ContainerSASPermissions,
  RestError,
  StorageSharedKeyCredential,
  type StoragePipelineOptions,
} from '@azure/storage-blob';

/** Uploads of a person to storage, for the command line. */

export type UploadTarget =
  /** A connection string. */
  | { readonly kind: 'connection'; readonly text: string }
  | {
      readonly kind: 'key';
      readonly url: string;
      readonly account: string;
      readonly key: string;
      /** PEM, trusted in addition: NODE_EXTRA_CA_CERTS is read when a process starts. */
      readonly certificate: string;
    }
  /** The identity that is signed in on this machine. */
  | { readonly kind: 'signedIn'; readonly url: string };

export interface Uploads {
  /** Piece by piece: a file may be larger than the memory. */
  readonly upload: (container: string, name: string, file: string) => Promise<void>;
  /** An address with which anyone can upload files to the container until then. */
  readonly uploadUrl: (container: string, until: Date) => Promise<string>;
}

/** The storage does not answer, or refuses an upload. */
export class UploadRefused extends Error {
  override readonly name = 'UploadRefused';

  constructor(
    readonly code: string,
    options: ErrorOptions,
  ) {
    super(code, options);
  }
}

/** @throws Error for a text that is not a connection string */
export function uploadsTo(target: UploadTarget): Uploads {
  const service = serviceOf(target);
  const containerOf = async (name: string) => {
    const container = service.getContainerClient(name);
    await container.createIfNotExists();
    return container;
  };
  return {
    upload: (container, name, file) =>
      refusing(async () => {
        await (await containerOf(container)).getBlockBlobClient(name).uploadFile(file);
      }),
    uploadUrl: (container, until) =>
      refusing(async () =>
        (await containerOf(container)).generateSasUrl({
          permissions: ContainerSASPermissions.parse('cw'),
          expiresOn: until,
        }),
      ),
  };
}

const OPTIONS: StoragePipelineOptions = { retryOptions: { maxTries: 4 } };

function serviceOf(target: UploadTarget): BlobServiceClient {
  switch (target.kind) {
    case 'connection':
      return BlobServiceClient.fromConnectionString(target.text);
    case 'key': {
      const { url, account, key, certificate } = target;
      const credential = new StorageSharedKeyCredential(account, key);
      const options = { ...OPTIONS, tlsOptions: { ca: certificate } };
      return new BlobServiceClient(url, credential, options);
    }
    case 'signedIn':
      return new BlobServiceClient(target.url, new DefaultAzureCredential(), OPTIONS);
  }
}

async function refusing<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof RestError)) throw cause;
    throw new UploadRefused(cause.code ?? `status ${cause.statusCode ?? 0}`, { cause });
  }
}
