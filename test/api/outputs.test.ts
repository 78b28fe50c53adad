import { HttpRequest, InvocationContext } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import { expect, test } from 'vitest';
import { outputsHandler } from '../../src/api/outputs';
import { MemoryBatch, secretsFrom } from '../fakes';
import { MemoryFiles } from '../memory-files';
import { outputContainerOf } from '../../src/run/names';

const RUN = 'hello-0123456789abcdef';

/** An app with these outputs of one byte each; returns a function that requests a list of them. */
function appWith(names: readonly string[]) {
  const files = new MemoryFiles();
  for (const name of names) files.put(outputContainerOf(RUN), name, '1');
  const ports = { files, batch: new MemoryBatch(), secrets: secretsFrom({}) };
  const handler = outputsHandler({ ports, workloads: new Map() });
  const client = { getStatus: async () => ({ instanceId: RUN }) } as unknown as DurableClient;
  return async (query: Readonly<Record<string, string>>) => {
    const url = `http://app/api/runs/${RUN}/outputs?${new URLSearchParams(query).toString()}`;
    const request = new HttpRequest({ method: 'GET', url, params: { id: RUN } });
    const { status, jsonBody, body } = await handler(request, client, new InvocationContext());
    return {
      status,
      ...((jsonBody ?? JSON.parse(body as string)) as Listed & { detail?: string }),
    };
  };
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
  const listed = await appWith(['results/a b.txt', 'logs/t/stdout.txt'])({ prefix: 'results/' });

  expect(listed).toEqual({
    status: 200,
    files: [
      {
        name: 'results/a b.txt',
        bytes: 1,
        url: `http://app/api/runs/${RUN}/outputs/results/a%20b.txt`,
      },
    ],
    isComplete: true,
  });
});

test('a list that is too long for one response continues after its last name, up to the last output [GD35]', async () => {
  const names = Array.from({ length: 12_345 }, (_, n) => `results/${String(n).padStart(5, '0')}`);
  const ask = appWith(['logs/t/stdout.txt', ...names, 'zones']);

  const pages: Listed[] = [];
  for (let after = ''; pages.at(-1)?.isComplete !== true;) {
    pages.push(await ask({ prefix: 'results/', after }));
    after = pages.at(-1)?.files.at(-1)?.name ?? '';
  }

  expect(pages.map(({ files }) => files.length)).toEqual([5000, 5000, 2345]);
  expect(pages.flatMap(({ files }) => files.map(({ name }) => name))).toEqual(names);
});

test('a list that should continue after a deleted output is an error, not an empty list', async () => {
  expect(await appWith(['results/a'])({ after: 'results/b' })).toMatchObject({
    status: 404,
    detail:
      'the run has no output "results/b" (it may have been deleted), so no list can continue after it',
  });
});
