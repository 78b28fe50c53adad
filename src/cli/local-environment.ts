import path from 'node:path';

/** Addresses and names of the local environment that `npm start` keeps up in this checkout. */

/** Folder of its state, below the checkout. */
export const LOCAL_STATE = path.join('.nightshift', 'local');

/** The published account of Azurite, which protects nothing: its port is on the loopback address. */
export const LOCAL_STORAGE = {
  url: 'https://127.0.0.1:10000/devstoreaccount1',
  account: 'devstoreaccount1',
  key: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
} as const;

export const LOCAL_BATCH = 'http://127.0.0.1:10003';

export function certificateIn(state: string): string {
  return path.join(state, 'certificate', 'cert.pem');
}
