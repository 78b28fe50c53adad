import { spawnSync } from 'node:child_process';

/** Python on this machine, as far as the script python-env.sh needs it. */

export const hasVenv =
  process.platform !== 'win32' &&
  spawnSync('python3', ['-c', 'import ensurepip, venv']).status === 0;

/** Ends the title of a test that is skipped. */
export const skipReason = hasVenv ? '' : ' (skipped: python3 with venv is missing here)';

const MAKE_WHEEL = `
import sys, zipfile
folder, name, version, code = sys.argv[1:]
info = f'{name}-{version}.dist-info'
with zipfile.ZipFile(f'{folder}/{name}-{version}-py3-none-any.whl', 'w') as wheel:
    wheel.writestr(f'{name}.py', code)
    wheel.writestr(f'{info}/METADATA', f'Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n')
    wheel.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(f'{info}/RECORD', '')
`;

/** Writes a package of one module to a folder that pip can search with --find-links. */
export function writeWheel(folder: string, name: string, version: string, code: string): void {
  const { status, stderr } = spawnSync('python3', ['-c', MAKE_WHEEL, folder, name, version, code], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}
