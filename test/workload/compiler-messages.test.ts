import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = path.resolve(__dirname, '..', '..');
const folder = mkdtempSync(path.join(root, 'test', 'workload', 'declarations-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The first line of the compiler's message for each declaration with these fields. */
function messagesFor(declarations: readonly string[]): readonly string[] {
  for (const [index, fields] of declarations.entries()) {
    writeFileSync(
      path.join(folder, `declaration-${index}.ts`),
      `import { defineWorkload } from '../../../src/workload/workload';
export const workload = defineWorkload({ name: 'a', description: 'b', ${fields} });
`,
    );
  }
  writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: path.join(root, 'tsconfig.json'),
      compilerOptions: { noEmit: true, rootDir: root },
      include: ['*.ts'],
    }),
  );
  const tsc = path.join(root, 'node_modules', '.bin', 'tsc');
  const { stdout } = spawnSync(tsc, ['-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter((line) => line.includes(': error '))
    .sort((one, other) => one.localeCompare(other))
    .map((line) => line.replace(/^.*: error TS\d+: /, ''));
}

const POOL = 'pool: {}';
const WORK = "work: { kind: 'whole', jobManager: { command: 'c' } }";

test('messages of the compiler name the type with the wrong field', () => {
  const messages = messagesFor([
    `${POOL}, ${WORK}, timeZone: 'UTC'`,
    `pool: { maxnodes: 4 }, ${WORK}`,
    `${POOL}, ${WORK}, triggers: { cron: '0 0 2 * * *' }`,
    `${POOL}, work: { kind: 'whole', jobManager: { command: 'c', minutes: 5 } }`,
    `${POOL}, ${WORK}, prepare: { script: 'c' }`,
    `${POOL}, work: { kind: 'sweep', task: { command: 'c' } }`,
  ]);

  expect(messages).toEqual([
    "Object literal may only specify known properties, and 'timeZone' does not exist in type 'WorkloadDeclaration'.",
    "Object literal may only specify known properties, but 'maxnodes' does not exist in type 'PoolOptions'. Did you mean to write 'maxNodes'?",
    "Object literal may only specify known properties, and 'cron' does not exist in type 'Triggers'.",
    "Object literal may only specify known properties, and 'minutes' does not exist in type 'TaskOptions'.",
    "Object literal may only specify known properties, and 'script' does not exist in type 'PrepareOptions'.",
    "Type '{ kind: \"sweep\"; task: { command: string; }; }' is not assignable to type 'WorkOptions'.",
  ]);
}, 120_000);
