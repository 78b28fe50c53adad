// npm run simulate:planted [-- --seeds 600] [--only text of the mistake or its file]
//
// Plants one mistake after another while the simulation is bundled, and plays worlds until one of
// them breaks an invariant. A mistake that survives all of its worlds fails the command, and so
// does one whose line is not in the source any more.

import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** One-line mistakes, each of which breaks an invariant. */
const planted = JSON.parse(readFileSync(new URL('planted.json', import.meta.url), 'utf8'));
const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '600' },
    only: { type: 'string', default: '' },
  },
});

/** Line breaks and indents follow the formatter, so any space matches any other. */
function patternOf(text) {
  const escaped = text.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(escaped.replaceAll(/\s+/g, String.raw`\s+`), 'g');
}

function plant({ what, file, was, becomes }) {
  const target = path.join(root, 'src', file);
  const source = readFileSync(target, 'utf8');
  const found = source.match(patternOf(was)) ?? [];
  if (found.length !== 1) {
    throw new Error(`${what}: ${found.length} places in src/${file} read "${was}"`);
  }
  const contents = source.replace(patternOf(was), () => becomes);
  const setup = ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, ({ path: loaded }) =>
      loaded === target ? { contents, loader: 'ts', resolveDir: path.dirname(target) } : undefined,
    );
  };
  return { name: 'plant', setup };
}

async function bundle(mistake, outfile) {
  await build({
    entryPoints: [path.join(root, 'test/simulation/find.ts')],
    bundle: true,
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
    outfile,
    plugins: [plant(mistake)],
  });
}

/** Bundles are loaded into this process, which has loaded their packages already. */
const load = createRequire(import.meta.url);

let survivors = 0;
const chosen = planted.filter(({ what, file }) => `${file}: ${what}`.includes(options.only));
for (const [index, mistake] of chosen.entries()) {
  const program = path.join(root, 'dist/simulate', `planted-${index}.js`);
  let line;
  try {
    await bundle(mistake, program);
    const found = await load(program).find(Number(options.seeds));
    line =
      found === null ? 'SURVIVES' : `seed ${found.seed}, invariant ${found.id}: ${found.detail}`;
    if (found === null) survivors += 1;
    rmSync(program);
  } catch (error) {
    survivors += 1;
    line = `NOT PLAYED: ${error.message}`;
  }
  process.stdout.write(`${mistake.what.padEnd(50)} ${line.slice(0, 160)}\n`);
}
process.stdout.write(
  `${chosen.length - survivors} of ${chosen.length} planted mistakes are found\n`,
);
process.exitCode = survivors > 0 ? 1 : 0;
