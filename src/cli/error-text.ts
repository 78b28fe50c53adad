import { ApiError } from '../client/api-error';
import { printable } from './text';

/** An error in one line that says what to do. A bug keeps its stack. */
export function errorText(error: unknown): string {
  if (error instanceof ApiError) return printable(`${messageOf(error)}${adviceOn(error)}`);
  if (error instanceof Error && error.name === 'HostKeyError') return printable(error.message);
  // An error of the operating system names the file itself.
  if (error instanceof Error && 'syscall' in error) return printable(error.message);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function messageOf({ message, errors }: ApiError): string {
  if (errors.length === 0) return message;
  return errors.map(({ field, message: text }) => `${field}: ${text}`).join('; ');
}

function adviceOn({ kind, status, code }: ApiError): string {
  switch (kind) {
    case 'unreachable':
      return '; start the local environment with npm start, or set NIGHTSHIFT_URL to the address of the app';
    case 'notTheApp':
      return '; NIGHTSHIFT_URL must be the address of a Nightshift app';
    case 'refused':
      if (status === 401 || status === 403)
        return '; set NIGHTSHIFT_KEY to a function key of the app, or use --key-file';
      if (status === 404 && code === null)
        return '; NIGHTSHIFT_URL must be the address of a Nightshift app of this version';
      return '';
  }
}
