import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { realClock } from './clock';

/** The self-signed certificate of all local TLS servers, for this machine's own names. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** For NODE_EXTRA_CA_CERTS and `curl --cacert`. */
  readonly certFile: string;
  readonly keyFile: string;
}

const YEARS = 10;

/** Created once and kept in the folder, so that a client that trusts it continues to trust it. */
export async function certificateIn(folder: string): Promise<Certificate> {
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  if (!existsSync(certFile) || !existsSync(keyFile)) {
    mkdirSync(folder, { recursive: true });
    const made = await makeCertificate();
    writeFileSync(keyFile, made.private, { mode: 0o600 });
    writeFileSync(certFile, made.cert);
  }
  return {
    cert: readFileSync(certFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
    certFile,
    keyFile,
  };
}

function makeCertificate() {
  const notAfterDate = realClock.now();
  notAfterDate.setFullYear(notAfterDate.getFullYear() + YEARS);
  return generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    algorithm: 'sha256',
    notAfterDate,
    extensions: [
      // Its own authority; otherwise NODE_EXTRA_CA_CERTS would not accept it as one.
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
}
