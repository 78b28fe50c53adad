import path from 'node:path';

/** The folder in the target folder with partial files and the versions of complete ones. */
export const STATE_FOLDER = '.nightshift-fetch';

/** Names that Windows opens as devices, whatever their extension. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])([. ].*|\s*)$/i;

/**
 * The reason why an output cannot be saved under its name; null where it can. Tasks choose the names
 * of blobs: none may lead out of the folder, and none may be another path for the system.
 */
export function nameRefusal(name: string, platform: NodeJS.Platform): string | null {
  const segments = name.split('/');
  if (segments[0] === '' || segments.includes('..') || /^[A-Za-z]:/.test(name)) return OUTSIDE;
  if (/\p{Cc}/u.test(name)) return 'its name has control characters';
  if (segments.some((segment) => segment === '' || segment === '.')) {
    return 'its name has an empty segment';
  }
  if (segments[0]?.toLowerCase() === STATE_FOLDER) return 'its name is reserved';
  return platform === 'win32' ? windowsRefusal(segments) : null;
}

const OUTSIDE = 'it would be written outside the target folder';

function windowsRefusal(segments: readonly string[]): string | null {
  if (segments.some((segment) => /[<>:"|?*\\]/.test(segment) || /[. ]$/.test(segment))) {
    return 'Windows does not allow its name';
  }
  return segments.some((segment) => DEVICE.test(segment))
    ? 'its name is a device of Windows'
    : null;
}

/** @throws Error for a name that `nameRefusal` refuses */
export function pathBelow(folder: string, name: string): string {
  const file = path.resolve(folder, name);
  if (file.startsWith(path.resolve(folder) + path.sep)) return file;
  throw new Error(OUTSIDE);
}
