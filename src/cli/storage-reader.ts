import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { rootCertificates } from 'node:tls';

/** Reads files from storage at the addresses that the app returns. */
export interface StorageReader {
  /** The answer to a GET request, its body not read yet. */
  readonly get: (
    url: string,
    headers: Readonly<Record<string, string>>,
  ) => Promise<http.IncomingMessage>;
  readonly close: () => void;
}

/** Time without a byte after which a connection counts as broken. */
const IDLE_MS = 60_000;

/** Node's `fetch` reads authorities only when a process starts, so these agents hold them. */
export function storageReader(connections: number, certFile: string | null): StorageReader {
  const limits = { keepAlive: true, maxSockets: connections };
  const trust =
    certFile !== null && existsSync(certFile)
      ? { ca: [...rootCertificates, readFileSync(certFile, 'utf8')] }
      : {};
  const agents = { http: new http.Agent(limits), https: new https.Agent({ ...limits, ...trust }) };
  return {
    get: (url, headers) =>
      new Promise((resolve, reject) => {
        const request = url.startsWith('https:')
          ? https.get(url, { agent: agents.https, headers }, resolve)
          : http.get(url, { agent: agents.http, headers }, resolve);
        request.setTimeout(IDLE_MS, () =>
          request.destroy(new Error('the storage does not answer')),
        );
        request.on('error', (error) => reject(explained(error)));
      }),
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function explained(error: Error): Error {
  if (!/self.signed|certificate/i.test(error.message)) return error;
  return new Error(`${error.message}; name the certificate with --trust`, { cause: error });
}
