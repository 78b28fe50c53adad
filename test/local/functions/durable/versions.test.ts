import * as df from 'durable-functions';
import type { OrchestrationContext, Task } from 'durable-functions';
import { afterEach, expect, test } from 'vitest';
import { compareVersions } from '../../../../local/functions/durable/versions';
import { startTestHub, type TestHub } from '../../../../local/functions/testing';

let hub: TestHub | undefined;

afterEach(async () => {
  await hub?.close();
  hub = undefined;
});

type Step = Generator<Task, unknown, never>;

/** A host whose `host.json` says this, and what it warned of. */
async function hubWith(options: Readonly<Record<string, string>>) {
  const lines: string[] = [];
  hub = await startTestHub({
    environment: Object.fromEntries(
      Object.entries(options).map(([name, value]) => [
        `AzureFunctionsJobHost__extensions__durableTask__${name}`,
        value,
      ]),
    ),
    log: (level, line) => level === 'warning' && lines.push(line),
    register: () => {
      df.app.orchestration('tells', function* (context: OrchestrationContext): Step {
        const child: unknown = yield context.df.callSubOrchestrator('child');
        return [context.df.version, child];
      });
      df.app.orchestration('child', function* (context: OrchestrationContext): Step {
        yield context.df.createTimer(context.df.currentUtcDateTime);
        return context.df.version;
      });
    },
  });
  return { hub, lines };
}

test('instances that name no version, and their children, have the default one', async () => {
  const { hub: one } = await hubWith({ defaultVersion: '2.0' });

  expect((await one.run('tells', 'a')).output).toEqual(['2.0', '2.0']);
});

test('an instance of a newer version waits for an app of its version', async () => {
  const { hub: one, lines } = await hubWith({ defaultVersion: '2.0' });
  await one.start('tells', 'old', undefined, '1.10');
  await one.start('tells', 'new', undefined, '2.1');
  const old = await one.runToEnd('old');
  await one.settled();

  expect([old.output, one.status('new').runtimeStatus]).toEqual([['1.10', '2.0'], 'Pending']);
  expect(lines).toContain(
    "The version '2.1' of orchestration 'new' does not match this app, of version '2.0' (currentorolder). It waits for an app of its version.",
  );
});

test('an instance of another version fails if host.json says so', async () => {
  const { hub: one } = await hubWith({
    defaultVersion: '2.0',
    versionMatchStrategy: 'Strict',
    versionFailureStrategy: 'Fail',
  });
  await one.start('tells', 'old', undefined, '1.0');

  expect(await one.runToEnd('old')).toMatchObject({
    runtimeStatus: 'Failed',
    output: 'VersionMismatch: Orchestration version did not comply with Worker Versioning',
  });
});

test('an app without a version runs no instance that has one, unless host.json says so', async () => {
  const { hub: one, lines } = await hubWith({});
  await one.start('child', 'any', undefined, '0.1');
  await one.settled();

  expect(one.status('any').runtimeStatus).toBe('Pending');
  expect(lines).toContain(
    "The version '0.1' of orchestration 'any' does not match this app, which has no version (currentorolder). It waits for an app of its version.",
  );
});

test.each([{ defaultVersion: '2.0' }, {}])(
  'with the strategy None and %j any version runs',
  async (options) => {
    const { hub: one } = await hubWith({ ...options, versionMatchStrategy: 'None' });
    await one.start('child', 'any', undefined, '9');

    expect((await one.runToEnd('any')).output).toBe('9');
  },
);

test.each([
  ['', '', 0],
  ['', '0.1', -1],
  ['1.9', '1.10', -1],
  ['1.0', '1.0.0', -1],
  ['1.2.3.4', '1.2.3.4', 0],
  // One number alone is no version to .NET: these are texts.
  ['10', '9', -1],
  ['V1-b', 'v1-A', 1],
])('version %j and %j compare as %i', (one, other, order) => {
  expect(compareVersions(one, other)).toBe(order);
  expect(compareVersions(other, one)).toBe(order === 0 ? 0 : -order);
});
