import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { jsonAt, root, textAt } from './deployment';

/** The script between quotation marks in a step of the pipeline. */
function inlineScript(workflow: string): string {
  const script = /node -e '\n([^']*)'/.exec(workflow)?.[1];
  if (script === undefined) throw new Error('the pipeline has no inline script');
  return script;
}

test('the pipeline passes azd the settings that are set, and no empty one', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pipeline-'));
  const file = path.join(folder, 'environment');
  const settings = { ALERT_EMAIL: 'a@b.example', POOL_VM_SIZE: '', AZURE_LOCATION: 'westeurope' };
  execFileSync(process.execPath, ['-e', inlineScript(textAt('.github/workflows/azure-dev.yml'))], {
    cwd: root,
    env: { SETTINGS: JSON.stringify(settings), GITHUB_ENV: file },
  });
  expect(readFileSync(file, 'utf8')).toBe('ALERT_EMAIL=a@b.example\n');
  rmSync(folder, { recursive: true });
});

test('no pipeline stores a secret: the deployment signs in with a federated credential', () => {
  const deploy = textAt('.github/workflows/azure-dev.yml');
  expect(deploy).toContain('id-token: write');
  expect(deploy).toContain('--federated-credential-provider "github"');
  for (const file of ['.github/workflows/azure-dev.yml', '.github/workflows/ci.yml'])
    expect(textAt(file)).not.toMatch(/\bsecrets\./);
});

test('the newest compiler runs in CI', () => {
  const ci = textAt('.github/workflows/ci.yml');
  expect(ci).toContain('az bicep lint --file infra/main.bicep');
  expect(ci).toContain('az bicep build --file infra/main.bicep');
});

test('every script that the editor and the pipelines run exists', () => {
  const { scripts } = jsonAt<{ scripts: Readonly<Record<string, string>> }>('package.json');
  const texts = [
    '.vscode/tasks.json',
    '.vscode/launch.json',
    '.github/workflows/ci.yml',
    '.devcontainer/devcontainer.json',
  ];
  const asked = texts.flatMap((file) =>
    [...textAt(file).matchAll(/npm run ([\w:]+)|"script": "(\w+)"/g)].map(
      ([, run, script]) => run ?? script ?? '',
    ),
  );
  expect(asked.filter((name) => !(name in scripts))).toEqual([]);
});
