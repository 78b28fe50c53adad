import { buildSync, transformSync } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { type WorkloadDeclaration } from '../../src/workload/workload';
import { checkWorkloads } from '../../src/workload/check-workloads';

/** The code that a reader copies from docs/first-workload.md has to work unchanged. */

const root = path.resolve(__dirname, '..', '..');
const guide = readFileSync(path.join(root, 'docs/first-workload.md'), 'utf8');
const workload = 'src/workloads/word-count';

/** The code block that follows the first mention of a file. */
function codeFor(file: string): string {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(guide.slice(guide.indexOf(`\`${file}\``))) ?? [];
  if (code === undefined) throw new Error(`the guide has no code for ${file}`);
  return code;
}

function declared(): WorkloadDeclaration {
  const { code } = transformSync(codeFor(`${workload}.ts`), { loader: 'ts', format: 'cjs' });
  const require = () => ({ defineWorkload: (declaration: WorkloadDeclaration) => declaration });
  const module = { exports: {} as Record<string, WorkloadDeclaration> };
  runInNewContext(code, { require, module });
  // Objects of another context have other prototypes; JSON has none.
  return JSON.parse(JSON.stringify(module.exports['wordCount'])) as WorkloadDeclaration;
}

/** Runs one of its programs as a node would. */
function run(program: string, folder: string, environment: Readonly<Record<string, string>>) {
  const file = path.join(folder, `${program}.mjs`);
  buildSync({
    stdin: {
      contents: codeFor(`${workload}/programs/${program}.ts`),
      loader: 'ts',
      resolveDir: path.join(root, 'src/workloads/render/programs'),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    outfile: file,
  });
  const { status, stderr } = spawnSync(process.execPath, [file], {
    cwd: folder,
    env: environment,
    encoding: 'utf8',
  });
  return { status, stderr };
}

test('the first workload of the guide is accepted by the app', () => {
  const workloads = checkWorkloads([declared()]);
  expect([...workloads.keys()]).toEqual(['word-count']);
});

test('the programs of the first workload count the words of all texts', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'first-workload-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ['inputs', 'counts']) mkdirSync(path.join(folder, name));
  const texts = { one: 'Night and night: the shift.', two: 'Shift, night.' };
  for (const [id, text] of Object.entries(texts)) {
    writeFileSync(path.join(folder, 'inputs', `${id}.txt`), text);
    const environment = { INPUT_FILE: `inputs/${id}.txt`, AZ_BATCH_TASK_ID: id };
    expect(run('count', folder, environment)).toEqual({ status: 0, stderr: '' });
    const counts = readFileSync(path.join(folder, 'outputs', `${id}.json`));
    writeFileSync(path.join(folder, 'counts', `${id}.json`), counts);
  }
  expect(run('top', folder, {})).toEqual({ status: 0, stderr: '' });
  const top = readFileSync(path.join(folder, 'outputs/top.txt'), 'utf8');
  expect(top).toBe('3 night\n2 shift\n');
});
