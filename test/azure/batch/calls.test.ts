import { inspect } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { Failure } from '../../../src/failure';
import { secretsFrom } from '../../fakes';
import {
  refusal,
  scripted,
  TOKEN,
  type Answer,
  type Script,
  type ScriptedBatch,
  type ScriptedOptions,
} from './scripted-batch';

let open: ScriptedBatch | undefined;

afterEach(async () => {
  vi.useRealTimers();
  await open?.close();
  open = undefined;
});

async function opened(
  script: Script | readonly Answer[],
  options?: ScriptedOptions,
): Promise<ScriptedBatch> {
  open = await scripted(script, options);
  return open;
}

const counts = { active: 3, running: 2, completed: 5, succeeded: 4, failed: 1 };
const fine: Answer = { status: 200, body: { taskCounts: counts, taskSlotCounts: counts } };
const counted = { active: 3, running: 2, succeeded: 4, failed: 1 };

/** One call of the service, and what came of it. */
async function counting(
  script: Script | readonly Answer[],
  options?: ScriptedOptions,
): Promise<{ counted: unknown; pauses: readonly number[]; calls: number }> {
  const { batch, pauses, asked } = await opened(script, options);
  const result: unknown = await batch.countTasks('j1').catch((error: unknown) => error);
  return { counted: result, pauses, calls: asked.length };
}

test('the token that is asked for is one for Batch, and each request carries it [GD18]', async () => {
  const { batch, asked, scopes } = await opened([fine]);

  expect(await batch.countTasks('j1')).toEqual(counted);
  expect(scopes).toEqual(['https://batch.core.windows.net/.default']);
  expect(asked).toEqual([
    expect.objectContaining({
      method: 'GET',
      path: '/jobs/j1/taskcounts',
      headers: expect.objectContaining({ authorization: `Bearer ${TOKEN}` }),
    }),
  ]);
});

test('an account key signs, and no token is asked for [GD16]', async () => {
  const key = Buffer.from('the key of the account').toString('base64');
  const { batch, asked, scopes } = await opened([fine], {
    accountKey: { name: 'nightshift', kind: 'key', key },
  });

  await batch.countTasks('j1');

  expect(scopes).toEqual([]);
  expect(asked[0]?.headers.authorization).toMatch(/^SharedKey nightshift:/);
});

test('an account key in the vault is read on demand, under the configured name [GD16, GD19]', async () => {
  const accountKey = { name: 'nightshift', kind: 'secret', secret: 'batch-key' } as const;
  const secrets = secretsFrom({ 'batch-key': Buffer.from('secret').toString('base64') });
  const { batch, asked } = await opened([fine], { accountKey, secrets });

  await batch.countTasks('j1');

  expect(asked[0]?.headers.authorization).toMatch(/^SharedKey nightshift:/);
});

test('a missing account key in the vault fails at once [GD16]', async () => {
  const accountKey = { name: 'nightshift', kind: 'secret', secret: 'batch-key' } as const;
  const { counted: failure, ...rest } = await counting([fine], {
    accountKey,
    secrets: secretsFrom({}),
  });

  expect(failure).toMatchObject({
    code: 'secretMissing',
    message: 'secret batch-key of the vault does not exist; store it there',
  });
  expect(rest).toEqual({ pauses: [], calls: 0 });
});

test("an error has the service's message, which the client wraps in an object", async () => {
  const values = [{ key: 'PropertyName', value: 'vmSize' }];
  const { counted: failure } = await counting([
    refusal(400, 'InvalidPropertyValue', 'The value is not valid.', { values }),
  ]);

  expect(failure).toBeInstanceOf(Failure);
  expect(failure).toMatchObject({
    code: 'badSpecification',
    message:
      'cannot count the tasks of job j1: Batch rejected the specification: The value is not valid. (PropertyName: vmSize) [InvalidPropertyValue]',
  });
});

test.each([
  [
    'an identity without a role',
    refusal(403, 'AuthenticationFailed', 'No.'),
    'accessDenied',
    'cannot count the tasks of job j1: Batch account BASE denied access to this identity: No. [AuthenticationFailed]; this requires the action Microsoft.Batch/batchAccounts/jobs/read; assign it the role Azure Batch Data Contributor there',
  ],
  [
    'no identity at all',
    { status: 401 },
    'accessDenied',
    'cannot count the tasks of job j1: Batch account BASE denied access to this identity: HTTP 401; this requires the action Microsoft.Batch/batchAccounts/jobs/read; assign it the role Azure Batch Data Contributor there',
  ],
  [
    'a quota',
    refusal(409, 'PoolQuotaReached', 'Full.'),
    'quotaReached',
    'cannot count the tasks of job j1: Full. [PoolQuotaReached]; request more quota or delete unused resources',
  ],
  [
    'another quota',
    refusal(409, 'ActiveJobAndScheduleQuotaReached', 'Full.'),
    'quotaReached',
    'cannot count the tasks of job j1: Full. [ActiveJobAndScheduleQuotaReached]; request more quota or delete unused resources',
  ],
  [
    'a call the service does not know',
    refusal(501, 'NotImplemented', 'Not here.'),
    'badSpecification',
    'cannot count the tasks of job j1: Batch rejected the specification: Not here. [NotImplemented]',
  ],
  [
    'a job that is gone',
    refusal(404, 'JobNotFound', 'No job.'),
    'jobEndedEarly',
    'cannot count the tasks of job j1: No job. [JobNotFound]',
  ],
])('%s is refused once, with what to do', async (_what, answer, code, message) => {
  const { counted: failure, ...rest } = await counting([answer]);

  const told = message.replace('BASE', open?.url ?? '');
  expect(failure).toMatchObject({ code, message: told });
  expect(rest).toEqual({ pauses: [], calls: 1 });
});

test.each([429, 503])(
  'after %i a call waits as long as the service says, and no longer',
  async (status) => {
    const busy = refusal(status, 'ServerBusy', 'Busy.', { headers: { 'retry-after': '7' } });

    expect(await counting([busy, busy, fine])).toEqual({ counted, pauses: [7000, 7000], calls: 3 });
  },
);

test("a Retry-After date is relative to the response's Date", async () => {
  const headers = {
    date: 'Sat, 21 Nov 2026 02:00:00 GMT',
    'retry-after': 'Sat, 21 Nov 2026 02:00:50 GMT',
  };

  expect(await counting([refusal(429, 'TooManyRequests', 'Busy.', { headers }), fine])).toEqual({
    counted,
    pauses: [50_000],
    calls: 2,
  });
});

test.each([408, 429, 500, 503])(
  'after %i without Retry-After the delays grow, with full jitter',
  async (status) => {
    const busy = refusal(status, 'ServerBusy');

    expect(await counting([busy, busy, busy, fine])).toEqual({
      counted,
      pauses: [500, 1000, 2000],
      calls: 4,
    });
  },
);

test('a service that stays busy fails the call after four attempts', async () => {
  const { counted: failure, ...rest } = await counting([refusal(503, 'ServerBusy', 'Busy.')]);

  expect(failure).toMatchObject({
    code: 'serviceUnavailable',
    message: 'cannot count the tasks of job j1 at the moment: Busy. [ServerBusy]',
  });
  expect(rest).toEqual({ pauses: [500, 1000, 2000], calls: 4 });
});

test.each([0, 1, 5])('a call is repeated as often as is set: %d times [NB22]', async (retries) => {
  const busy = refusal(503, 'ServerBusy', 'Busy.');

  expect((await counting([busy], { retries })).calls).toBe(retries + 1);
});

test('a Retry-After of more than a minute is left to the caller, with its seconds', async () => {
  const busy = refusal(429, 'TooManyRequests', 'Busy.', { headers: { 'retry-after': '900' } });
  const { counted: failure, ...rest } = await counting([busy]);

  expect(failure).toMatchObject({ code: 'serviceUnavailable', retryAfterSeconds: 900 });
  expect(rest).toEqual({ pauses: [], calls: 1 });
});

test.each([
  ['PoolQuotaReached', 409, 'quotaReached', 60],
  ['ActiveJobAndScheduleQuotaReached', 409, 'quotaReached', 60],
  ['JobNotFound', 404, 'jobEndedEarly', null],
  ['JobBeingDeleted', 409, 'jobEndedEarly', null],
  ['JobBeingTerminated', 409, 'jobEndedEarly', null],
  ['JobCompleted', 409, 'jobEndedEarly', null],
  ['PoolNotFound', 404, 'jobEndedEarly', null],
  ['PoolBeingResized', 409, 'serviceUnavailable', null],
  ['InvalidApplicationPackageReferences', 409, 'badSpecification', null],
  ['AutoScalingFormulaSyntaxError', 400, 'badSpecification', null],
  ['Unlisted', 409, 'serviceUnavailable', null],
] as const)(
  'the code %s has one verdict wherever it occurs',
  async (serviceCode, status, code, retryAfterSeconds) => {
    const { counted: failure } = await counting([refusal(status, serviceCode)]);

    expect(failure).toMatchObject({ code, retryAfterSeconds });
  },
);

/** The client does not notice that half an answer is all there is: its patience of 40 s ends it. */
function impatient(): ScriptedOptions {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  return { afterCut: () => void vi.advanceTimersByTime(40_000) };
}

test.each(['before', 'within'] as const)(
  'a connection reset %s the response is retried',
  async (cut) => {
    const answer: Answer = { ...fine, cut };

    expect(await counting([answer, answer, fine], impatient())).toEqual({
      counted,
      pauses: [500, 1000],
      calls: 3,
    });
  },
);

test('an address without a listener is tried four times', async () => {
  const { batch, pauses, close } = await opened([fine]);
  await close();

  await expect(batch.countTasks('j1')).rejects.toMatchObject({
    code: 'serviceUnavailable',
    message: expect.stringContaining('ECONNREFUSED'),
  });
  expect(pauses).toEqual([500, 1000, 2000]);
});

test('a bug is not retried and not converted', async () => {
  const { service, pauses } = await opened([fine]);
  const bug = new TypeError('x is not a function');

  await expect(service.call(() => Promise.reject(bug))).rejects.toBe(bug);
  expect(pauses).toEqual([]);
});

test.each([
  ['a refusal', refusal(403, 'AuthenticationFailed')],
  [
    'a refusal that repeats what it was sent',
    refusal(400, 'InvalidPropertyValue', 'Bad: https://x/in?sv=1&sig=c2VjcmV0&se=2', {
      values: [
        { key: 'PropertyValue', value: 'https://x/in?sig=c2VjcmV0' },
        { key: 'Header', value: `Bearer ${TOKEN}` },
      ],
    }),
  ],
  ['an answer without a body', { status: 401 }],
  ['a cut line', { status: 200, cut: 'before' }],
  ['half an answer', { ...fine, cut: 'within' }],
] satisfies readonly (readonly [string, Answer])[])(
  'no error holds the token or a SAS after %s, in its words, its stack or its causes [GD19]',
  async (_what, answer) => {
    const { counted: failure } = await counting([answer], impatient());
    const everything = inspect(failure, { depth: Infinity, showHidden: true, getters: true });

    expect(failure).toBeInstanceOf(Failure);
    expect(everything).not.toContain(TOKEN);
    expect(everything).not.toContain('c2VjcmV0');
    expect(everything.toLowerCase()).not.toContain('authorization');
  },
);
