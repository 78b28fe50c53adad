import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { ListedRun } from '../../../local/verify/app-client';
import { checkSchedule } from '../../../local/verify/run-checks';
import type { Verification } from '../../../local/verify/verification';

const DUE = '2030-01-01T02:00:00.000Z';

/** A verification of an app whose list of runs is this one. */
async function verificationOf(runs: readonly Partial<ListedRun>[]): Promise<Verification> {
  const server = http.createServer((_, response) => response.end(JSON.stringify({ runs })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return {
    app: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key: undefined },
    blobs: null,
    stamp: 'x',
    since: '2030-01-01T12:00:00.000Z',
    say: () => {},
    sleep: async () => {},
    pollEveryMs: 1,
    maxPolls: 1,
    judgesDurations: true,
    made: { blobs: [], runIds: new Set() },
  };
}

const run = (status: ListedRun['status'], startedAt: string | null): Partial<ListedRun> => ({
  status,
  dueAt: DUE,
  createdAt: startedAt ?? DUE,
  startedAt,
});

test.each([
  ['a run at its due time', [run('succeeded', '2030-01-01T02:00:09.000Z')], 'confirmed'],
  ['a run that started late', [run('succeeded', '2030-01-01T02:05:00.000Z')], 'contradicted'],
  ['a due time that was missed', [run('missed', null)], 'contradicted'],
  ['only runs of requests', [{ ...run('succeeded', DUE), dueAt: null }], 'notChecked'],
  ['no run', [], 'notChecked'],
] as const)('for %s, the verdict on the schedule is as expected', async (_, runs, verdict) => {
  expect((await checkSchedule(await verificationOf(runs))).verdict).toBe(verdict);
});
