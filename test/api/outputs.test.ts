import { expect, test } from 'vitest';
import { outputsHandler } from '../../src/api/outputs';
import { outputContainerOf } from '../../src/run/names';
import { whole } from '../run/given';
import { answerTo, testApp } from './given';

/** An app with these outputs of one byte each; returns a function that requests a list of them. */
async function appWith(names: readonly string[]) {
  const { app, files, hub, start } = testApp([whole]);
  const id = await start('hello', 'a');
  for (const name of names) files.put(outputContainerOf(id), name, '1');
  const ask = async (query: Readonly<Record<string, string>>) => {
    const path = `/api/runs/${id}/outputs?${new URLSearchParams(query).toString()}`;
    const { status, body } = await answerTo(outputsHandler(app), hub, { path, params: { id } });
    return { status, ...(body as Listed & { detail?: string }) };
  };
  return { id, ask };
}

interface Listed {
  readonly files: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly url: string;
  }[];
  readonly isComplete: boolean;
}

test('outputs are listed with name, size and URL', async () => {
  const { id, ask } = await appWith(['results/a b.txt', 'logs/t/stdout.txt']);

  const listed = await ask({ prefix: 'results/' });

  expect(listed).toEqual({
    status: 200,
    files: [
      {
        name: 'results/a b.txt',
        bytes: 1,
        url: `http://app/api/runs/${id}/outputs/results/a%20b.txt`,
      },
    ],
    isComplete: true,
  });
});

test('files with which the app works are not listed among the outputs, unless their folder is asked for', async () => {
  const { ask } = await appWith([
    'attempt/inputs.json',
    'manifest/tasks.jsonl',
    'merge/missing.json',
    'merge/mine.txt',
    'missing.json',
    'results/a',
  ]);
  const namesOf = async (query: Readonly<Record<string, string>>) =>
    (await ask(query)).files.map(({ name }) => name);

  expect(await namesOf({})).toEqual(['merge/mine.txt', 'results/a']);
  expect(await namesOf({ prefix: 'attempt/' })).toEqual(['attempt/inputs.json']);
});

test('a list that is too long for one response continues after its last name, up to the last output [GD35]', async () => {
  const names = Array.from({ length: 12_345 }, (_, n) => `results/${String(n).padStart(5, '0')}`);
  const { ask } = await appWith(['logs/t/stdout.txt', ...names, 'zones']);

  const pages: Listed[] = [];
  for (let after = ''; pages.at(-1)?.isComplete !== true;) {
    pages.push(await ask({ prefix: 'results/', after }));
    after = pages.at(-1)?.files.at(-1)?.name ?? '';
  }

  expect(pages.map(({ files }) => files.length)).toEqual([5000, 5000, 2345]);
  expect(pages.flatMap(({ files }) => files.map(({ name }) => name))).toEqual(names);
});

test('a list of outputs has at most as many as its limit, and continues after the last one', async () => {
  const { ask } = await appWith(['results/a', 'results/b', 'results/c']);
  const names = ({ files }: Listed) => files.map(({ name }) => name);

  const first = await ask({ limit: '2' });
  const second = await ask({ limit: '2', after: 'results/b' });

  expect([names(first), first.isComplete]).toEqual([['results/a', 'results/b'], false]);
  expect([names(second), second.isComplete]).toEqual([['results/c'], true]);
  expect((await ask({ limit: '0' })).status).toBe(400);
});

test('a list that should continue after a deleted output is an error, not an empty list', async () => {
  const { ask } = await appWith(['results/a']);

  expect(await ask({ after: 'results/b' })).toMatchObject({
    status: 404,
    detail:
      'the run has no output "results/b" (it may have been deleted), so no list can continue after it',
  });
});
