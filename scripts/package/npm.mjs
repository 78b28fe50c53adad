import { spawnSync } from 'node:child_process';

/** Runs npm in a folder: the npm that runs this script, or the one on the path. */
export function npm(folder, args) {
  const { npm_execpath: own } = process.env;
  const options = { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 };
  const run =
    own !== undefined && own.endsWith('.js')
      ? spawnSync(process.execPath, [own, ...args], options)
      : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  return { code: run.status, out: run.stdout ?? '', error: run.stderr ?? '' };
}
