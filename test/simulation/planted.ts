import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import { defineCommand, runCommand } from '../../local/command-line';
import { errorLine } from '../../local/error-line';
import type { WorldKind } from '../../src/rehearse/kinds';
import { breaks, type Found } from './find';
import { countProblem } from './main-options';

const command = defineCommand({
  call: 'npm run simulate:planted',
  usage: `npm run simulate:planted [-- --seeds <n>] [--only <text>] [--open]

Plants one mistake after another in the source while the simulation is bundled, and plays worlds
until one breaks an invariant that holds in the same world without the mistake. Prints a table:
mistake, seed that found it, invariant. Exit code 1 when a mistake survives all of its worlds, or
its line is not in the source any more.

  --seeds <n>    worlds for each mistake at most (default 1000)
  --only <text>  only the mistakes with this text in their name or their file
  --open         the mistakes that are not found yet, and why
  --help         print this text
`,
  options: {
    seeds: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
    open: { type: 'boolean', default: false },
  },
  check: ({ seeds }) => countProblem({ seeds }),
});

interface Mistake {
  readonly what: string;
  readonly file: string;
  readonly was: string;
  readonly becomes: string;
  /** Kind of the worlds that come to it; without one, worlds of all kinds are played. */
  readonly world?: WorldKind;
  /** Of a mistake that is not found yet. */
  readonly why?: string;
}

type Find = (seeds: number, kind?: WorldKind) => Promise<Found | null>;

/** The program is bundled into `dist/simulate`. */
const root = path.resolve(__dirname, '../..');
/** Bundles are loaded into this process, which has loaded their packages already. */
const load = createRequire(__filename);

runCommand(command, async ({ seeds, only, open }) => {
  const all = mistakesIn(open ? 'planted-open.json' : 'planted.json');
  const chosen = all.filter(({ what, file }) => `${file}: ${what}`.includes(only));
  row('mistake', 'seed', 'invariant');
  let found = 0;
  for (const mistake of chosen) {
    const { what, why } = mistake;
    try {
      const seen = await find(mistake, Number(seeds));
      if (seen !== null) found += 1;
      if (seen === null) row(what, '-', `SURVIVES${why === undefined ? '' : `: ${why}`}`);
      else row(what, String(seen.seed), `${seen.id}: ${seen.detail}`);
    } catch (error) {
      row(what, '-', `NOT PLAYED: ${errorLine(error)}`);
    }
  }
  say(`${found} of ${chosen.length} planted mistakes are found`);
  if (!open) say(`${mistakesIn('planted-open.json').length} more are not found yet: --open`);
  return found < chosen.length ? 1 : 0;
});

function mistakesIn(file: string): readonly Mistake[] {
  return JSON.parse(readFileSync(path.join(root, 'test/simulation', file), 'utf8')) as Mistake[];
}

function row(what: string, seed: string, invariant: string): void {
  say(`${what.padEnd(58)} ${seed.padStart(5)}  ${invariant.slice(0, 110)}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The first world that breaks an invariant with the mistake in the source. */
async function find(mistake: Mistake, seeds: number): Promise<Found | null> {
  const { world } = mistake;
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
    const bundle = load(program) as { readonly find: Find };
    const found = await bundle.find(seeds, world);
    if (found === null) return null;
    const before = await breaks(found.seed, world);
    if (before === null) return found;
    throw new Error(`seed ${found.seed} breaks ${before.id} without the mistake, too`);
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
