import { createRequire } from 'node:module';
import path from 'node:path';
import { buildSync } from 'esbuild';

/** Compiles a module of the app with all it imports, and returns what it exports. */
export function load(root, file) {
  const {
    outputFiles: [bundle],
  } = buildSync({
    entryPoints: [path.join(root, file)],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  const module = { exports: {} };
  const require = createRequire(path.join(root, 'package.json'));
  // oxlint-disable-next-line typescript/no-implied-eval -- code of this repository, compiled above
  new Function('module', 'exports', 'require', bundle.text)(module, module.exports, require);
  return module.exports;
}
