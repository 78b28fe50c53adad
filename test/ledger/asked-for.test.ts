import { expect, test } from 'vitest';
import { decide, row, running, skip, start, wait } from './deciding';
import { NOW } from './given';

/** Admission of attempts that somebody asked for: retries and runs of a backfill. */

const backfill = { id: 'report-0123456789', createdAt: NOW } as const;

test.each([{ attempt: 1 }, { backfill }])(
  'under every policy %j waits for an active run, and what comes by itself waits for it',
  (asked) => {
    const policies = [
      { overlap: 'forbid' },
      { overlap: 'queue' },
      { overlap: 'replace' },
      { overlap: 'allow', maxActiveRuns: 1 },
    ] as const;
    for (const policy of policies) {
      const [code, after] =
        policy.overlap === 'allow'
          ? (['tooManyRuns', () => '1 runs of report are active'] as const)
          : (['overlapped', (id: string) => `run ${id} of report is active`] as const);
      for (const [active, waiting] of [
        [row(2, running), row(1, asked)],
        [row(1, { ...running, ...asked }), row(2)],
        [row(2, { ...running, ...asked }), row(1)],
        [row(2, { ...running, ...asked }), row(1, asked)],
      ] as const) {
        expect(decide([active, waiting], { policy })).toEqual([
          wait(waiting, code, after(active.runId)),
        ]);
      }
    }
  },
);

test('replace does not skip what was asked for, and does not let it replace or be replaced', () => {
  const [asked, old, newest] = [row(4, { backfill, priority: -24 }), row(2), row(3)];
  const policy = { overlap: 'replace' } as const;

  expect(decide([asked, old, newest], { policy })).toEqual([
    skip(old, `run ${newest.runId} is newer and replaces it`),
    start(newest),
    wait(asked, 'overlapped', `run ${newest.runId} of report is active`),
  ]);
  expect(decide([row(1, { ...running, backfill }), old, newest], { policy })).toEqual([
    skip(old, `run ${newest.runId} is newer and replaces it`),
    wait(newest, 'overlapped', `run ${row(1).runId} of report is active`),
  ]);
});
