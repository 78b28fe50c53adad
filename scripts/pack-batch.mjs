// Makes the npm package of the Batch stand-in: one program without dependencies.
//
//   node scripts/pack-batch.mjs [--to out]

import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { readArguments } from './arguments.mjs';
import { root } from './build-stamp.mjs';

const { values: options } = readArguments({
  usage: `node scripts/pack-batch.mjs [--to F]
  Makes the npm package of the Batch stand-in. It reads no network.
  --to F    folder of the archive and of its content (out)
`,
  options: { to: { type: 'string', default: 'out' } },
});

const source = path.join(root, 'local', 'batch');
const to = path.resolve(options.to);
const folder = path.join(to, 'nightshift-batch');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

/**
 * Loads the library of blob storage at its first use, because that takes longer than everything else
 * of a start. Names that a module imports from CommonJS are read where they are used.
 */
const LIBRARY = '@azure/storage-blob';
const lazyStorage = {
  name: 'lazy-storage',
  setup({ onResolve, onLoad }) {
    const names = JSON.stringify(Object.keys(createRequire(import.meta.url)(LIBRARY)));
    onResolve({ filter: new RegExp(`^${LIBRARY}$`) }, ({ kind }) =>
      kind === 'import-statement' ? { path: LIBRARY, namespace: 'lazy' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'lazy' }, () => ({
      contents: `for (const name of ${names}) Object.defineProperty(exports, name, {
        enumerable: true,
        get: () => require('${LIBRARY}')[name],
      });`,
      resolveDir: root,
    }));
  },
};

const { metafile } = await build({
  entryPoints: [path.join(source, 'packaged.ts')],
  outfile: path.join(folder, 'nightshift-batch.js'),
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  // Libraries that are modules find themselves by `import.meta`, which CommonJS does not have.
  define: { 'import.meta.url': 'moduleUrl' },
  banner: {
    js: "#!/usr/bin/env node\nconst moduleUrl = require('node:url').pathToFileURL(__filename).href;",
  },
  // Half of the time of a start is the reading of the file.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  metafile: true,
  plugins: [lazyStorage],
  logLevel: 'warning',
});

// The sources of the folder are not published as they are: `private` protects them from that.
const { private: _, ...manifest } = readJson(path.join(source, 'package.json'));
writeJson(path.join(folder, 'package.json'), manifest);
for (const name of ['README.md', 'Containerfile'])
  cpSync(path.join(source, name), path.join(folder, name));
cpSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
writeFileSync(
  path.join(folder, 'THIRD-PARTY-LICENSES.txt'),
  licences(Object.keys(metafile.inputs)),
);

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const packed = spawnSync(
  npm,
  ['pack', '--ignore-scripts', '--json', '--pack-destination', to, folder],
  {
    encoding: 'utf8',
  },
);
if (packed.status !== 0) {
  process.stderr.write(packed.stderr);
  process.exit(packed.status ?? 1);
}
const [{ filename, size, unpackedSize }] = JSON.parse(packed.stdout);
process.stdout.write(
  `${path.join(to, filename)}: ${kilobytes(size)}, unpacked ${kilobytes(unpackedSize)}\n`,
);

/** The licence texts of every library of which the program has code. */
function licences(inputs) {
  const folders = new Set(
    inputs.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []),
  );
  return [...folders]
    .sort((one, other) => (one < other ? -1 : 1))
    .map(licenceOf)
    .join(`\n${'-'.repeat(72)}\n\n`);
}

function licenceOf(library) {
  const at = path.join(root, library);
  const { name, version, license } = readJson(path.join(at, 'package.json'));
  const texts = readdirSync(at)
    .filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
    .map((file) => readFileSync(path.join(at, file), 'utf8').trim());
  return `${[`${name} ${version} (${license})`, ...texts].join('\n\n')}\n`;
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function writeJson(file, content) {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}

function kilobytes(bytes) {
  return `${Math.ceil(bytes / 1000)} kB`;
}
