import { readFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { readTemplate } from './bicep/template';
import { syntaxChecker } from './grammar';

const root = path.resolve(__dirname, '../..');
const files = globSync('infra/**/*.bicep', { cwd: root }).sort();

test('every Bicep file is parsed by an independent grammar', async () => {
  const mistakes = await syntaxChecker('bicep');
  const found = files.flatMap((file) =>
    mistakes(readFileSync(path.join(root, file), 'utf8')).map((words) => `${file}:${words}`),
  );
  expect(found).toEqual([]);
  expect(files).toContain('infra/main.bicep');
});

test('a brace that is not closed and a property without a value are found', async () => {
  const mistakes = await syntaxChecker('bicep');
  expect(mistakes("resource a 'T@1' = {\n  name: 'x'\n")).not.toEqual([]);
  expect(mistakes('var a = {\n  b:\n}\n')).not.toEqual([]);
  expect(mistakes("var a = 'x'\n")).toEqual([]);
});

test('every Bicep file is parsed completely by the checks themselves', () => {
  for (const file of files) {
    const template = readTemplate(file, readFileSync(path.join(root, file), 'utf8'));
    const count = (pattern: RegExp) =>
      (readFileSync(path.join(root, file), 'utf8').match(pattern) ?? []).length;
    expect([
      file,
      template.params.length,
      template.resources.length,
      template.outputs.length,
    ]).toEqual([file, count(/^param /gm), count(/^resource /gm), count(/^output /gm)]);
  }
});

test('every PowerShell wrapper is parsed by an independent grammar', async () => {
  const mistakes = await syntaxChecker('powershell');
  const wrappers = globSync('infra/**/*.ps1', { cwd: root }).sort();
  expect(wrappers).toEqual(['infra/hooks/postdeploy.ps1', 'infra/hooks/postprovision.ps1']);
  for (const file of wrappers) {
    expect([file, mistakes(readFileSync(path.join(root, file), 'utf8'))]).toEqual([file, []]);
  }
});

test.each([
  "node (Join-Path $PSScriptRoot 'postdeploy.mjs' @args\n",
  'exit $LASTEXITCODE }\n',
  "$ErrorActionPreference = 'Stop\n",
])('found in PowerShell: %j', async (source) => {
  const mistakes = await syntaxChecker('powershell');
  expect(mistakes(source)).not.toEqual([]);
});
