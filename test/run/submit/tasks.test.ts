import { expect, test } from 'vitest';
import { linesOf } from '../../../src/run/submit/lines';
import {
  dependenciesOn,
  manifestFile,
  allInputs,
  readManifest,
  taskFrom,
} from '../../../src/run/submit/tasks';
import { taskSchema } from '../../../src/workload/task-schema';
import { access } from '../given';

const logs = {
  pattern: '../std*.txt',
  containerUrl: 'https://out?cw',
  path: 'logs/one',
  when: 'taskCompletion',
} as const;

test('a task needs its command, limits, files and variables from its template and details [PI4, GD2]', () => {
  const template = taskSchema.parse({
    command: 'node tile.mjs',
    programs: ['tile.mjs'],
    environment: { LEVEL: 'low', FROM: 'template' },
    reads: ['scene'],
    secrets: ['signing-key'],
    outputs: [{ files: 'outputs/*.tile', to: 'tiles' }],
    slots: 2,
    retries: 1,
    maxMinutes: 15,
    elevated: true,
  });

  const task = taskFrom(template, access, {
    id: 'one',
    environment: { FROM: 'details' },
    resourceFiles: [{ url: 'https://in/inputs/0001.ply?r', path: 'inputs/0001.ply', mode: null }],
    dependsOn: ['zero'],
  });

  expect(task).toEqual({
    id: 'one',
    command: 'node tile.mjs',
    environment: { LEVEL: 'low', FROM: 'details' },
    resourceFiles: [
      { url: 'https://in/programs/tile.mjs?r', path: 'tile.mjs', mode: '0755' },
      { url: 'https://in/secrets/signing-key?r', path: 'secrets/signing-key', mode: '0400' },
      { containerUrl: 'https://out?rl', prefix: 'scene/' },
      { url: 'https://in/inputs/0001.ply?r', path: 'inputs/0001.ply', mode: null },
    ],
    outputFiles: [
      {
        pattern: 'outputs/*.tile',
        containerUrl: 'https://out?cw',
        path: 'tiles',
        when: 'taskSuccess',
      },
      logs,
    ],
    slots: 2,
    retries: 1,
    maxMinutes: 15,
    elevated: true,
    user: 'task',
    dependsOn: ['zero'],
    container: null,
    packages: [],
  });
});

test('a task is retried three times by default, and as often as its declaration says [GD28]', () => {
  const retriesOf = (more: object) =>
    taskFrom(taskSchema.parse({ command: 'echo', ...more }), access, { id: 'one' }).retries;

  expect([retriesOf({}), retriesOf({ retries: 0 }), retriesOf({ retries: 10 })]).toEqual([
    3, 0, 10,
  ]);
});

test('stdout and stderr of every task are kept, however it ends [RS30]', () => {
  const task = taskFrom(taskSchema.parse({ command: 'echo' }), access, { id: 'one' });

  expect(task.outputFiles).toEqual([logs]);
});

test.each([
  ['one file is one blob', 'outputs/picture.png', 'results/picture.png'],
  ['a file of the working directory is one blob', 'picture.png', 'results/picture.png'],
  ['a star is a folder of blobs', 'outputs/*', 'results'],
  ['a question mark is a folder of blobs', 'outputs/tile-?', 'results'],
  ['a set of characters is a folder of blobs', 'outputs/[ab].png', 'results'],
])('for an output pattern, %s', (_what, files, path) => {
  const template = taskSchema.parse({ command: 'echo', outputs: [{ files, to: 'results' }] });

  expect(taskFrom(template, access, { id: 'one' }).outputFiles).toEqual([
    { pattern: files, containerUrl: 'https://out?cw', path, when: 'taskSuccess' },
    logs,
  ]);
});

test("a container's empty command reaches Batch empty, and no shell is put around it: its image, options and directory are as declared [NB3, GD32]", () => {
  const container = {
    image: 'busybox:1.36',
    runOptions: '--workdir /app',
    workingDirectory: 'task',
  } as const;
  const template = taskSchema.parse({ command: '', container });

  const { command, container: given } = taskFrom(template, access, { id: 'one' });

  expect({ command, container: given }).toEqual({ command: '', container });
});

test('the job manager gets all inputs and the list of them, and writes the manifest [GD3, PI4]', () => {
  expect([...allInputs(access), manifestFile(access)]).toEqual([
    { containerUrl: 'https://in?rl', prefix: 'inputs/' },
    { url: 'https://in/inputs.json?r', path: 'inputs.json', mode: null },
    {
      pattern: 'outputs/tasks.jsonl',
      containerUrl: 'https://out?cw',
      path: 'manifest/tasks.jsonl',
      when: 'taskSuccess',
    },
  ]);
});

/** A manifest that arrives in chunks of seven bytes. */
function read(text: string, maxTasks: number) {
  return readManifest(linesOf(chunksOf(text)), maxTasks);
}

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
}

test('a line of the manifest that is too long is rejected before it is complete', async () => {
  let read = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('{"id":"good"}\n');
    for (; read < 1000; read++) yield Buffer.from('x'.repeat(1024));
  }

  await expect(readManifest(linesOf(endless()), 10)).rejects.toThrow(
    'line 2 of the task manifest is invalid: it is longer than 32768 bytes; pass large values as files',
  );
  expect(read).toBeLessThan(40);
});

test('a task of the manifest with more than 64 variables is rejected', async () => {
  const variables = (count: number) =>
    JSON.stringify({
      id: 'a',
      environment: Object.fromEntries(Array.from({ length: count }, (_, at) => [`X${at}`, 'ä'])),
    });

  expect(await read(variables(64), 10)).toMatchObject([{ id: 'a', environment: { X63: 'ä' } }]);
  await expect(read(variables(65), 10)).rejects.toThrow(
    'line 1 of the task manifest is invalid: environment: must have at most 64 variables',
  );
});

test('a manifest has one task a line; blank and repeated lines are ignored [GD3]', async () => {
  const text = [
    '{"id":"tile-1","environment":{"X":"0"}}',
    '',
    '{"id":"tile-2"}\r',
    '{"id":"tile-1","environment":{"X":"0"}}',
    '',
  ].join('\n');

  expect(await read(text, 2)).toEqual([
    { id: 'tile-1', environment: { X: '0' } },
    { id: 'tile-2', environment: {} },
  ]);
});

test('an empty manifest has no tasks', async () => {
  expect(await read('\n', 10)).toEqual([]);
});

const idRule = 'id: must be 1 to 64 letters, digits, - or _';

test.each([
  ['text', 'hello', 'it is not JSON'],
  ['a number', '7', 'the task: must be an object'],
  ['an id with a path', '{"id":"../x"}', idRule],
  ['an id with a command', '{"id":"a; touch x"}', idRule],
  ['an id that is too long', `{"id":"${'x'.repeat(65)}"}`, idRule],
  ['no id', '{}', 'id: is missing'],
  ['a command', '{"id":"a","command":"rm -rf /"}', 'the task: unknown field `command`'],
  [
    "a variable of Batch's own",
    '{"id":"a","environment":{"AZ_BATCH_NODE_ID":"x"}}',
    'environment.AZ_BATCH_NODE_ID: must be upper-case letters, digits and _, and not start with AZ_BATCH_',
  ],
  ['a value that is no text', '{"id":"a","environment":{"X":1}}', 'environment.X: must be text'],
  ["the job manager's id", '{"id":"Job-Manager"}', 'the id Job-Manager is reserved by Nightshift'],
  ["the merge's id", '{"id":"merge"}', 'the id merge is reserved by Nightshift'],
])('a manifest line with %s is refused by its number', async (_what, line, reason) => {
  await expect(read(`{"id":"good"}\n\n${line}\n`, 10)).rejects.toThrow(
    expect.objectContaining({
      code: 'manifestRefused',
      message: `line 3 of the task manifest is invalid: ${reason}`,
    }),
  );
});

test('two tasks with the same id are rejected, ignoring case', async () => {
  await expect(read('{"id":"a"}\n{"id":"A"}', 10)).rejects.toThrow(
    'line 2 of the task manifest is invalid: the id A is already used by another task',
  );
});

test('a manifest with more tasks than the workload allows is rejected', async () => {
  await expect(read('{"id":"a"}\n{"id":"b"}\n{"id":"c"}', 2)).rejects.toThrow(
    'line 3 of the task manifest is invalid: more than 2 tasks; raise work.maxTasks or chunk the work',
  );
});

test('a merge depends on as many tasks as fit into one dependency list [GD5]', () => {
  const most = Array.from({ length: 1000 }, (_, index) => `t${index}`.padEnd(64, '-'));

  expect(dependenciesOn(most)).toEqual(most);
  expect(dependenciesOn([...most, 'x'])).toBeNull();
});
