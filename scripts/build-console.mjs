// Makes the static files of the console: src/console/ as one page with hashed scripts and styles.
//
//   node scripts/build-console.mjs [output folder, dist/src/console by default]

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { readArguments } from './arguments.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { positionals } = readArguments({
  usage: `node scripts/build-console.mjs [<output folder>]
  Makes the static files of the console, by default in dist/src/console.
`,
  maxArguments: 1,
});
const output = path.resolve(positionals[0] ?? path.join(root, 'dist/src/console'));
/** The console is served below this address, whatever view is opened first. */
const ADDRESS = '/api/console/assets';

const { metafile, outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['src/console/main.tsx', 'src/console/styles/main.css'],
  outdir: path.join(output, 'assets'),
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2023',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: true,
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'warning',
});

const built = Object.entries(metafile.outputs);
const page = readFileSync(path.join(root, 'src/console/index.html'), 'utf8')
  .replace('{script}', addressOf('src/console/main.tsx'))
  .replace('{style}', addressOf('src/console/styles/main.css'));

// Those of an earlier build go last: an environment may serve them meanwhile.
const assets = path.join(output, 'assets');
mkdirSync(assets, { recursive: true });
for (const file of outputFiles) writeFileSync(file.path, file.contents);
writeFileSync(path.join(output, 'index.html'), page);
const current = new Set(outputFiles.map((file) => path.basename(file.path)));
for (const name of readdirSync(assets)) if (!current.has(name)) rmSync(path.join(assets, name));
process.stdout.write(`The console is built: ${built.length + 1} files.\n`);

function addressOf(source) {
  const [file] = built.find(([, { entryPoint }]) => entryPoint === source);
  return `${ADDRESS}/${path.basename(file)}`;
}
