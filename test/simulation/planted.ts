import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import { defineCommand, runCommand } from '../../local/command-line';
import { errorLine } from '../../local/error-line';
import type { Found } from './find';
import { countProblem } from './main-options';

const command = defineCommand({
  call: 'npm run simulate:planted',
  usage: `npm run simulate:planted [-- --seeds <n>] [--only <text>]

Plants one mistake after another in the source while the simulation is bundled, and plays worlds
until one breaks an invariant. Prints a table: mistake, seed that found it, invariant. Exit code 1
when a mistake survives all of its worlds, or its line is not in the source any more.

  --seeds <n>    worlds for each mistake at most (default 1000)
  --only <text>  only the mistakes with this text in their name or their file
  --help         print this text
`,
  options: {
    seeds: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
  },
  check: ({ seeds }) => countProblem({ seeds }),
});

interface Mistake {
  readonly what: string;
  readonly file: string;
  readonly was: string;
  readonly becomes: string;
}

/** The program is bundled into `dist/simulate`. */
const root = path.resolve(__dirname, '../..');
/** Bundles are loaded into this process, which has loaded their packages already. */
const load = createRequire(__filename);

runCommand(command, async ({ seeds, only }) => {
  const planted = path.join(root, 'test/simulation/planted.json');
  const all = JSON.parse(readFileSync(planted, 'utf8')) as readonly Mistake[];
  const chosen = all.filter(({ what, file }) => `${file}: ${what}`.includes(only));
  row('mistake', 'seed', 'invariant');
  let found = 0;
  for (const mistake of chosen) {
    try {
      const seen = await find(mistake, Number(seeds));
      if (seen !== null) found += 1;
      if (seen === null) row(mistake.what, '-', 'SURVIVES');
      else row(mistake.what, String(seen.seed), `${seen.id}: ${seen.detail}`);
    } catch (error) {
      row(mistake.what, '-', `NOT PLAYED: ${errorLine(error)}`);
    }
  }
  process.stdout.write(`${found} of ${chosen.length} planted mistakes are found\n`);
  return found < chosen.length ? 1 : 0;
});

function row(what: string, seed: string, invariant: string): void {
  process.stdout.write(`${what.padEnd(58)} ${seed.padStart(5)}  ${invariant.slice(0, 110)}\n`);
}

/** The first world that breaks an invariant with the mistake in the source. */
async function find(mistake: Mistake, seeds: number): Promise<Found | null> {
  // Below the packages that the bundle requires; two calls of this command may run at once.
  const folder = mkdtempSync(path.join(__dirname, 'planted-'));
  const program = path.join(folder, 'find.js');
  await build({
    entryPoints: [path.join(root, 'test/simulation/find.ts')],
    bundle: true,
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
    outfile: program,
    plugins: [plant(mistake)],
  });
  try {
    const bundle = load(program) as { find(seeds: number): Promise<Found | null> };
    return await bundle.find(seeds);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function plant({ what, file, was, becomes }: Mistake): Plugin {
  const target = path.join(root, 'src', file);
  const source = readFileSync(target, 'utf8');
  const places = source.match(patternOf(was)) ?? [];
  if (places.length !== 1) {
    throw new Error(`${what}: ${places.length} places in src/${file} read "${was}"`);
  }
  const contents = source.replace(patternOf(was), () => becomes);
  return {
    name: 'plant',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, ({ path: loaded }) =>
        loaded === target ? { contents, loader: 'ts', resolveDir: path.dirname(target) } : null,
      );
    },
  };
}

/** Line breaks and indents follow the formatter, so any space matches any other. */
function patternOf(text: string): RegExp {
  const escaped = text.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(escaped.replaceAll(/\s+/g, String.raw`\s+`), 'g');
}
