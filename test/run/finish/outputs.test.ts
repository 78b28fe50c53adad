import { expect, test } from 'vitest';
import { deleteOnly } from '../../../src/run/finish/outputs';
import { MemoryFiles } from '../../memory-files';

const names = ['logs', 'logs-raw/1.csv', 'logs/task-1/stdout.txt', 'results/logs/1.csv'];

/** What stays of a container when of it only these go. */
async function leftWithout(what: 'logs' | 'outputs'): Promise<readonly string[]> {
  const files = new MemoryFiles();
  for (const name of names) files.put('run-out', name, '1');
  await deleteOnly(files, 'run-out', what);
  return [...(files.containers.get('run-out')?.blobs.keys() ?? [])];
}

test('deleting logs keeps outputs whose names only start like the logs folder', async () => {
  expect(await leftWithout('logs')).toEqual(['logs', 'logs-raw/1.csv', 'results/logs/1.csv']);
});

test('deleting outputs includes outputs whose names start like the logs folder', async () => {
  expect(await leftWithout('outputs')).toEqual(['logs/task-1/stdout.txt']);
});
