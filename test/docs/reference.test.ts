import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { httpStatusOf, type FailureCode } from '../../src/failure';
import { settingRows } from '../../src/settings';
import { codeIn, namesIn, root, rowsOf, textOf } from './documents';

/** The pages of docs/reference against the code that they describe. */

test('the generated tables of the reference are what the schemas and settings say', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(root, 'scripts/docs.mjs'), '--check'],
    { encoding: 'utf8' },
  );

  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('the table of settings has every setting, no other, and a schedule for any workload', () => {
  const settings = [...Object.keys(settingRows), 'SCHEDULE_<WORKLOAD>'];

  expect(namesIn(textOf('docs/reference/settings.md')).sort()).toEqual(settings.sort());
});

test('the example of local settings sets only settings of the app and the host', () => {
  const { Values } = JSON.parse(textOf('local.settings.example.json')) as {
    readonly Values: Readonly<Record<string, string>>;
  };
  const foreign = Object.keys(Values).filter(
    (name) => !(name in settingRows) && !name.startsWith('SCHEDULE_'),
  );

  expect(foreign).toEqual(['FUNCTIONS_WORKER_RUNTIME', 'AzureFunctionsWebHost__hostid']);
});

test('the table of routes has every route that the app registers, and no other', () => {
  const registered = [
    ...textOf('src/functions.ts').matchAll(/\['[\w-]+', '([A-Z]+)', '([^']+)', /g),
  ].map(([, method = '', route = '']) => `${method} /api/${route}`);
  const routes = namesIn(textOf('docs/reference/http-api.md')).filter((code) =>
    code.includes(' /api/'),
  );

  expect(routes.sort()).toEqual(registered.sort());
});

test('the reference of errors has every code once, with its status, a cause and what to do', () => {
  const [, rows = ''] = textOf('src/failure.ts').split('const statuses = {');
  const codes = [...(rows.split('}')[0] ?? '').matchAll(/^\s+(\w+): \d{3},/gm)].map(
    ([, code = '']) => code,
  );
  const explained = rowsOf(textOf('docs/reference/errors.md')).filter(([code = '']) =>
    code.startsWith('`'),
  );

  expect(explained.map(([code, status]) => `${code ?? ''} ${status ?? ''}`).sort()).toEqual(
    codes.map((code) => `\`${code}\` ${httpStatusOf(code as FailureCode)}`).sort(),
  );
  expect(codes.length).toBeGreaterThan(20);
  expect(explained.filter(([, , cause, action]) => cause === '' || action === '')).toEqual([]);
});

/** Names of object keys and templates in the files that make the environment of tasks. */
function variablesIn(files: readonly string[], name: RegExp): string[] {
  const found = globSync(files, { cwd: root }).flatMap((file) =>
    [...textOf(file).matchAll(name)].map(([, variable = '']) => variable),
  );
  return [...new Set(found)];
}

test('the table of environment variables has what the app and Batch set, and no other', () => {
  const app = variablesIn(['src/run/submit/*.ts'], /\b([A-Z][A-Z_]{3,}): |`(?:PARAM_)\$/g);
  const batch = variablesIn(['local/batch/**/*.ts'], /\b(AZ_BATCH_[A-Z_]+)/g);
  const table = textOf('docs/reference/environment.md').split('\n## ')[1] ?? '';
  const named = rowsOf(table).flatMap(([first = '']) =>
    codeIn(first).filter((code) => /^[A-Z_]+(<|$)/.test(code)),
  );

  const expected = [...app.filter((one) => one !== ''), 'PARAM_<NAME>', ...batch];
  expect(named.map((one) => one.replace(/(APP_PACKAGE_).*/, '$1')).sort()).toEqual(expected.sort());
});

test('the page of commands has every npm script, and no other', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const commands = namesIn(textOf('docs/reference/commands.md')).map((code) =>
    code.replace(/^npm (run )?/, '').trim(),
  );

  expect(commands.sort()).toEqual(Object.keys(scripts).sort());
});
