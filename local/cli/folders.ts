import { join, resolve } from 'node:path';

/** The repository, from its compiled `dist/local/cli`. */
export const ROOT = resolve(__dirname, '..', '..', '..');

/** State of the environment that `npm start` keeps. */
export const LOCAL_STATE = join(ROOT, '.nightshift', 'local');

export function certificateFileIn(state: string): string {
  return resolve(state, 'certificate', 'cert.pem');
}
