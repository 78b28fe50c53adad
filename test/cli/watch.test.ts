import { expect, test } from 'vitest';
import { exitCodeMeanings, exitCodes } from '../../src/cli/exit-codes';
import { lineOf } from '../../src/cli/progress';
import { phaseNames } from '../../src/cli/run-text';
import { phaseNames as namesOfDemo } from '../../local/cli/terminal';
import { call, serverOf } from './call';
import { ended, ESCAPED, HOSTILE, RUN_ID, running } from './sample-runs';

/** A clock that is four seconds later at each question. */
function clock(): () => Date {
  let seconds = 0;
  return () => new Date(Date.parse('2026-11-30T12:00:00Z') + 4000 * seconds++);
}

test('a run is watched until its end, a line for each change', async () => {
  const starting = { ...running, status: 'queued', phase: null, tasks: null, nodes: null };
  const waiting = { ...starting, waitingFor: `the run lock ${HOSTILE}` };
  const { url } = await serverOf(
    { body: waiting },
    { body: waiting },
    { body: { ...running, waitingFor: 'tasks: 1 of 4' } },
    { body: ended },
  );
  const { code, stdout, waits } = await call(url, ['watch', RUN_ID], { now: clock() });

  expect([code, waits]).toEqual([0, [2000, 2000, 2000]]);
  expect(stdout).toBe(`   0:04  queued: 0/0 tasks, 0 nodes; waits for the run lock ${ESCAPED}
   0:12  runs tasks: 1/4 tasks, 2 nodes
${RUN_ID}: succeeded after 1:04:04
`);
});

test.each([
  ['failed', 10, 'failed after 1:04:04: the cause'],
  ['timedOut', 11, 'timed out after 1:04:04: the cause'],
  ['cancelled', 12, 'cancelled after 1:04:04: the cause'],
  ['skipped', 13, 'skipped after 1:04:04: the cause'],
  ['missed', 14, 'missed after 1:04:04: the cause'],
] as const)('a run that is %s at its end is exit code %i', async (status, code, end) => {
  const cause = { code: 'x', message: 'the cause' };
  const { url } = await serverOf({ body: { ...ended, status, cause } });

  expect(await call(url, ['watch', RUN_ID])).toEqual({
    code,
    stdout: `${RUN_ID}: ${end}\n`,
    stderr: '',
    waits: [],
  });
});

test('an app that does not answer for a while, as during a deployment, does not end the watch', async () => {
  const down = { status: 503, body: '' };
  const { url } = await serverOf({ body: running }, down, down, { body: ended });

  expect(await call(url, ['watch', RUN_ID])).toMatchObject({ code: 0, stderr: '' });
});

test('an app that stays away ends the watch, and one that never answered does at once', async () => {
  const down = { status: 503, body: '' };
  const { url } = await serverOf({ body: running }, ...Array.from({ length: 30 }, () => down));
  const stayed = await call(url, ['watch', RUN_ID]);
  const never = await call('http://127.0.0.1:9', ['watch', RUN_ID]);

  expect([stayed.code, stayed.waits.length]).toEqual([1, 21]);
  expect([never.code, never.waits]).toEqual([3, []]);
});

test('an app that refuses the key is exit code 4', async () => {
  const { url } = await serverOf({ status: 401, body: '' });

  expect(await call(url, ['watch', RUN_ID], { key: 'secret' })).toMatchObject({
    code: 4,
    stderr: expect.not.stringContaining('secret') as string,
  });
});

test('with --json each change is the answer of the API in one line', async () => {
  const { url } = await serverOf(
    { body: running },
    { body: { ...running, nodeMinutes: 99 } },
    { body: ended },
  );
  const { stdout } = await call(url, ['watch', RUN_ID, '--json']);
  const lines = stdout.trimEnd().split('\n');

  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([running, ended]);
});

test('the live line fits its terminal, and a name in it cannot control it', () => {
  const run = { ...running, waitingFor: `${HOSTILE} ${'x'.repeat(200)}` };
  const { before, after } = lineOf(run, 3725, 80);

  expect({ before, after }).toEqual({
    before: '1:02:05  runs tasks      ',
    after: `1/4 tasks    2 nodes  ${ESCAPED.slice(0, 18)}…`,
  });
  expect(before.length + 12 + 1 + after.length).toBeLessThan(80);
});

test('phases have the names that the demo shows', () => {
  expect(phaseNames).toEqual(namesOfDemo);
});

test('every exit code is there once, and has a meaning', () => {
  const codes = Object.values(exitCodes);

  expect(new Set(codes).size).toBe(codes.length);
  expect(Object.keys(exitCodeMeanings)).toEqual(Object.keys(exitCodes));
});
