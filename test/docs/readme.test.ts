import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { taskSchema } from '../../src/workload/task-schema';
import { poolSchema } from '../../src/workload/pool-schema';
import { triggersSchema, workloadSchema } from '../../src/workload/workload';
import { settingRows } from '../../src/settings';

const root = path.resolve(__dirname, '..', '..');
const readme = textOf('README.md');
const manifest = JSON.parse(textOf('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const documents = globSync('**/*.md', {
  cwd: root,
  ignore: ['node_modules/**', 'dist/**', 'out/**', '.nightshift/**'],
}).sort();

function textOf(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** The text between a heading and the next one of its level. */
function sectionOf(heading: string): string {
  const [, after = ''] = readme.split(`\n## ${heading}\n`);
  return after.split('\n## ')[0] ?? '';
}

/** What stands in the first column of a section's tables as code. */
function namesIn(section: string): string[] {
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.flatMap((row) => codeIn(row.split('|')[1] ?? ''));
}

function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

test('the table of settings has every setting, no other, and a schedule for any workload', () => {
  const settings = [...Object.keys(settingRows), 'SCHEDULE_<WORKLOAD>'];
  expect(namesIn(sectionOf('Settings')).sort()).toEqual(settings.sort());
});

test('the example of local settings sets nothing that is not a setting of the app or the host', () => {
  const { Values } = JSON.parse(textOf('local.settings.example.json')) as {
    readonly Values: Readonly<Record<string, string>>;
  };
  const foreign = Object.keys(Values).filter(
    (name) => !(name in settingRows) && !name.startsWith('SCHEDULE_'),
  );
  expect(foreign).toEqual(['FUNCTIONS_WORKER_RUNTIME', 'AzureFunctionsWebHost__hostid']);
});

test('every field of a declaration that the README explains can be declared', () => {
  const table = sectionOf('Write your own workload').split('| field | meaning |')[1] ?? '';
  const known = new Set([
    ...fieldsIn(workloadSchema),
    ...fieldsIn(poolSchema).map((field) => `pool.${field}`),
    ...fieldsIn(triggersSchema).map((field) => `triggers.${field}`),
    ...fieldsIn(taskSchema),
  ]);
  const explained = namesIn(table);
  expect(explained.filter((field) => !known.has(field))).toEqual([]);
  expect(explained.length).toBeGreaterThan(30);
});

function fieldsIn({ shape }: { readonly shape: object }): string[] {
  return Object.keys(shape);
}

test('every npm script that a document names exists', () => {
  const named = documents.flatMap((file) =>
    [...textOf(file).matchAll(/\bnpm run ([a-z:-]+)/g)].map(([, script = '']) => script),
  );
  expect([...new Set(named)].filter((script) => !(script in manifest.scripts))).toEqual([]);
});

test('every npm script is in the table of commands', () => {
  const commands = namesIn(sectionOf('Layout')).map((code) =>
    code.replace(/^npm (run )?/, '').trim(),
  );
  expect(commands.sort()).toEqual(Object.keys(manifest.scripts).sort());
});

test('the table of routes has every route that the app registers', () => {
  const registered = [
    ...textOf('src/functions.ts').matchAll(/\['[\w-]+', '([A-Z]+)', '([^']+)', /g),
  ].map(([, method = '', route = '']) => `${method} /api/${route}`);
  const routes = namesIn(sectionOf('HTTP API')).filter((code) => code.includes(' /api/'));
  expect(routes.sort()).toEqual(registered.sort());
});

test('every code that a failure can have is explained', () => {
  const [, rows = ''] = textOf('src/failure.ts').split('const statuses = {');
  const codes = [...(rows.split('}')[0] ?? '').matchAll(/^\s+(\w+): \d{3},/gm)].map(
    ([, code = '']) => code,
  );
  const explained = new Set(namesIn(sectionOf('HTTP API')));
  expect(codes.filter((code) => !explained.has(code))).toEqual([]);
  expect(codes.length).toBeGreaterThan(20);
});

test('every instruction that is numbered is shown to be kept by a test, or listed with its place', () => {
  const section = sectionOf('Coverage');
  const ranges = [...section.matchAll(/^\| ([A-Z]{2})1 to \1(\d+) \|/gm)];
  const all = ranges.flatMap(([, guide = '', last]) =>
    Array.from({ length: Number(last) }, (_, index) => `${guide}${index + 1}`),
  );
  const [, rows = ''] = section.split('| id | instruction, in short | where |');
  const listed = [...rows.matchAll(/^\| ([A-Z]{2}\d+(?:, [A-Z]{2}\d+)*) \|/gm)].flatMap(
    ([, ids = '']) => ids.split(', '),
  );
  const shown = new Set(
    globSync('test/**/*.test.ts', { cwd: root }).flatMap((file) =>
      [...textOf(file).matchAll(/\[((?:[A-Z]{2}\d+(?:, )?)+)\]/g)].flatMap(([, ids = '']) =>
        ids.split(', '),
      ),
    ),
  );

  expect(all).toHaveLength(137);
  expect(all.filter((id) => !shown.has(id) && !listed.includes(id))).toEqual([]);
  expect([...shown, ...listed].filter((id) => !all.includes(id))).toEqual([]);
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
