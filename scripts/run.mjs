// Starts a command of the local environment. What a person can mend is said in one line and before
// anything is built: the version of Node, a wrong option, a port that is taken.
//
//   node scripts/run.mjs <up|demo|batch|host|verify> [arguments]

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const [name, ...args] = process.argv.slice(2);

checkNode();
const { programs, portInUse } = await loadCommands();
const program = programs[name];
if (program === undefined)
  fail(`there is no command ${name}; there are ${Object.keys(programs).join(', ')}`, 2);
const parsed = program.parse(args);
if (parsed.kind === 'help') {
  process.stdout.write(parsed.text);
} else if (parsed.kind === 'invalid') {
  fail(parsed.message, 2);
} else {
  for (const port of parsed.ports) if (!(await isFree(port))) fail(portInUse(port), 1);
  build();
  start();
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const [wanted, found] = [engines.node.replace('>=', ''), process.versions.node].map((version) =>
    version.split('.').map(Number),
  );
  const isOld = found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1]);
  if (isOld)
    fail(`Node.js ${process.versions.node} is too old; use ${engines.node.slice(2)} or later`, 1);
}

/** The table of commands is TypeScript, and nothing may be built yet. */
async function loadCommands() {
  const esbuild = await import('esbuild').catch(() =>
    fail('the dependencies are not installed; run npm ci', 1),
  );
  const entry = ['commands.ts', '../ports.ts'].map((file) => `export * from './${file}';`);
  const { outputFiles } = esbuild.buildSync({
    stdin: {
      contents: entry.join('\n'),
      resolveDir: path.join(root, 'local', 'cli'),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    write: false,
    logLevel: 'error',
  });
  const [{ text }] = outputFiles;
  const module = { exports: {} };
  const evaluate = compileFunction(text, ['module', 'exports', 'require']);
  evaluate(module, module.exports, createRequire(import.meta.url));
  return module.exports;
}

function isFree(port) {
  if (port === 0) return true;
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code }) => resolve(code !== 'EADDRINUSE'));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function build() {
  process.stdout.write('Building…\n');
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) fail('the build failed; its messages are above', status ?? 1);
}

/** In this process, so that signals and the terminal are the command's own. */
function start() {
  const file = path.join(root, 'dist', 'local', program.file);
  process.argv = [process.argv[0], file, ...args];
  createRequire(file)(file);
}

function fail(message, code) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
