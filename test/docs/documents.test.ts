import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { checkWorkloads } from '../../src/workload/check-workloads';
import { codeIn, documents, root, rowsOf, textOf } from './documents';
import { recipesIn } from './recipes';

const { scripts, license, engines } = JSON.parse(textOf('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly license: string;
  readonly engines: { readonly node: string };
};

test('the README fits on a few screens, and its tables of commands have at most six rows', () => {
  const commands = rowsOf(textOf('README.md')).filter(([first = '']) => first.startsWith('`npm '));

  expect(textOf('README.md').split('\n').length).toBeLessThanOrEqual(250);
  expect(commands.length).toBeLessThanOrEqual(6);
});

test('the declaration of the README is accepted by the app', () => {
  expect([...checkWorkloads(recipesIn('README.md')).keys()]).toEqual(['compress-logs']);
});

test('the badges of the README state the license and the Node.js version of the package', () => {
  expect(textOf('docs/badge-license.svg')).toContain(`<title>license: ${license}</title>`);
  expect(textOf('docs/badge-node.svg')).toContain(
    `<title>node: ${engines.node.replace('>=', '≥ ')}</title>`,
  );
});

test('every npm script that a document names exists', () => {
  const named = documents.flatMap((file) =>
    [...textOf(file).matchAll(/\bnpm run ([a-z:-]+)/g)].map(([, script = '']) => script),
  );
  expect([...new Set(named)].filter((script) => !(script in scripts))).toEqual([]);
});

test('every page of docs is in its index', () => {
  const pages = documents.filter((file) => file.startsWith('docs/') && file !== 'docs/README.md');
  const index = textOf('docs/README.md');

  expect(pages.filter((file) => !index.includes(`](${file.slice('docs/'.length)})`))).toEqual([]);
});

test('every link within the documents leads somewhere', () => {
  const broken = documents.flatMap((file) =>
    linksOf(file).filter((link) => !leadsSomewhere(file, link)),
  );
  expect(broken).toEqual([]);
});

function linksOf(file: string): string[] {
  const found = [...textOf(file).matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)];
  return found
    .map(([, link, source]) => link ?? source ?? '')
    .filter((link) => !/^https?:/.test(link));
}

function leadsSomewhere(file: string, link: string): boolean {
  const [target = '', anchor] = link.split('#');
  const aim = target === '' ? file : path.join(path.dirname(file), target);
  if (!existsSync(path.join(root, aim))) return false;
  return anchor === undefined || anchorsOf(aim).includes(anchor);
}

/** As GitHub makes them: lower case, hyphens for spaces, the rest of the punctuation left out. */
function anchorsOf(file: string): string[] {
  return [...textOf(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('every file and folder of the repository that a document names exists', () => {
  const files = globSync(['*', '{src,local,test,docs,infra,scripts,.github}/**'], {
    cwd: root,
    dot: true,
    ignore: ['**/node_modules/**'],
  });
  const named = documents.flatMap((file) => pathsIn(file).map((name) => ({ file, name })));
  const missing = named.filter(({ file, name }) => {
    const beside = path.join(path.dirname(file), name);
    const isThere = existsSync(path.join(root, name)) || existsSync(path.join(root, beside));
    // A page that is about a folder names its files by the end of their paths.
    return !isThere && !files.some((one) => `/${one}/`.includes(`/${name.replace(/\/$/, '')}/`));
  });

  expect(named.length).toBeGreaterThan(200);
  expect(missing.filter(({ name }) => !ofTheReader.test(name))).toEqual([]);
});

/** Names written as code that are paths of source: a file with its ending, or a folder below a room. */
function pathsIn(file: string): string[] {
  const prose = textOf(file).replaceAll(/```[\s\S]*?```/g, '');
  return codeIn(prose)
    .map((code) => code.split(' ')[0] ?? '')
    .filter((code) =>
      /^[\w./<>-]+\.(ts|mts|mjs|bicep|sh|py|ps1)$|^(src|local|test|docs|infra|scripts)\/[\w./<>-]*$/.test(
        code,
      ),
    );
}

/** Files that a reader of a guide writes. */
const ofTheReader = /^src\/workloads\/(word-count|daily-sales|<name>)(\.ts$|\/)|^report\.mjs$/;

test('every difference from Azure that the code notes has its row in a README above it', () => {
  const unlisted = globSync('local/**/*.ts', { cwd: root }).flatMap((file) => {
    const noted = textOf(file).split('Unlike Azure:').length - 1;
    return noted > rowsAbout(file) ? [`${file}: ${noted} noted, ${rowsAbout(file)} listed`] : [];
  });
  expect(unlisted).toEqual([]);
});

test('no README lists a difference of a file that notes none', () => {
  const idle = documents
    .filter((file) => file.startsWith('local/'))
    .flatMap((file) =>
      differencesIn(file).filter(
        (about) => !existsSync(about) || !readFileSync(about, 'utf8').includes('Unlike Azure:'),
      ),
    );
  expect(idle).toEqual([]);
});

/** Rows on a file, in the READMEs of its folder and those above it. */
function rowsAbout(file: string): number {
  return documents
    .filter((document) => file.startsWith(`${path.dirname(document)}/`))
    .flatMap(differencesIn)
    .filter((about) => about === path.join(root, file)).length;
}

/** The files that the rows under the heading "Unlike Azure" begin with. */
function differencesIn(document: string): string[] {
  const [, after = ''] = textOf(document).split(/^##+ Unlike Azure$/m);
  return [...(after.split(/^#/m)[0] ?? '').matchAll(/^\| `([^`]+\.ts)` \|/gm)].map(
    ([, about = '']) => path.join(root, path.dirname(document), about),
  );
}
