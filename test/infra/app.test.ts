import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { jsonAt, profiles, root, textAt } from './deployment';

interface Description {
  readonly containers: readonly string[];
  readonly blobTriggers: readonly { readonly function: string; readonly container: string }[];
  readonly schedules: readonly string[];
  readonly secrets: readonly string[];
  readonly taskHub: string;
  readonly functions: readonly {
    readonly name: string;
    readonly trigger: string;
    readonly route?: string;
    readonly methods?: readonly string[];
    readonly authLevel?: string;
    readonly path?: string;
    readonly sdkBinding?: boolean;
  }[];
}

const written = jsonAt<Description>('infra/app.json');

test('infra/app.json equals the registrations of the compiled app; if not: npm run describe-app', () => {
  const answer = execFileSync(process.execPath, [path.join(root, 'scripts/describe-app.mjs')], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  expect(written).toEqual(JSON.parse(answer));
});

test('every blob trigger has its container, and its function is registered with that path', () => {
  for (const { function: name, container } of written.blobTriggers) {
    expect(written.containers).toContain(container);
    expect(written.functions.find((one) => one.name === name)?.path).toBe(`${container}/{name}`);
  }
  const all = written.functions.filter(({ trigger }) => trigger === 'blobTrigger');
  expect(written.blobTriggers.map((one) => one.function)).toEqual(all.map(({ name }) => name));
});

test('no blob that arrives is loaded into the memory of the app, whatever its size', () => {
  const watching = written.functions.filter(({ trigger }) => trigger === 'blobTrigger');
  expect(watching.length).toBeGreaterThan(0);
  for (const { name, sdkBinding } of watching) expect([name, sdkBinding]).toEqual([name, true]);
});

test('the names of schedules are those of the parameters file, and of the profile that sets them', () => {
  const { parameters } = jsonAt<{
    parameters: { schedules: { value: Readonly<Record<string, string>> } };
  }>('infra/main.parameters.json');
  expect(Object.keys(parameters.schedules.value)).toEqual(written.schedules);
  expect(Object.keys(profiles['everything']?.['schedules'] ?? {})).toEqual(written.schedules);
});

test('the task hub is named as in host.json', () => {
  const host = jsonAt<{ extensions: { durableTask: { hubName: string } } }>('host.json');
  expect(written.taskHub).toBe(host.extensions.durableTask.hubName);
});

test('no function is open to anonymous callers but the static files of the console, which hold no data', () => {
  const http = written.functions.filter(({ trigger }) => trigger === 'httpTrigger');
  const anonymous = http.filter(({ authLevel }) => authLevel !== 'function');
  expect(http.length).toBeGreaterThan(20);
  expect(anonymous).toEqual([
    {
      name: 'console',
      trigger: 'httpTrigger',
      route: 'console/{*path}',
      methods: ['GET'],
      authLevel: 'anonymous',
    },
  ]);
});

test('routes and functions in the guides are those of the app', () => {
  const routes = written.functions.flatMap(({ route }) => (route === undefined ? [] : [route]));
  const isRoute = (said: string) =>
    routes.some((route) => {
      const pattern = route.replace(/\/\{\*[^}]+\}$/, '(/.*)?').replaceAll(/\{[^}]+\}/g, '[^/]+');
      return new RegExp(`^${pattern}$`).test(said);
    });
  for (const guide of ['docs/deploy.md', 'docs/operate.md']) {
    const said = [...textAt(guide).matchAll(/\/api\/([\w/{}<>$-]+)/g)].map(
      ([, route = '']) => route,
    );
    expect(said.length).toBeGreaterThan(0);
    expect([guide, said.filter((route) => !isRoute(route))]).toEqual([guide, []]);
  }
});

test('no call matches two functions: Azure takes the first by name, not the closest match', () => {
  const http = written.functions.filter(({ trigger }) => trigger === 'httpTrigger');
  const pairs = http.flatMap((one, index) =>
    http.slice(index + 1).map((other) => [one, other] as const),
  );
  const both = pairs.filter(
    ([one, other]) =>
      one.methods?.some((method) => other.methods?.includes(method)) === true &&
      overlap(one.route?.split('/') ?? [], other.route?.split('/') ?? []),
  );
  expect(pairs.length).toBeGreaterThan(0);
  expect(both.map(([one, other]) => `${one.name} and ${other.name}`)).toEqual([]);
});

/** Whether a path fits both; all before a catch-all, which also fits nothing, or equally long. */
function overlap(one: readonly string[], other: readonly string[]): boolean {
  const [first, ...rest] = one;
  const [otherFirst, ...otherRest] = other;
  if (first?.startsWith('{*') === true || otherFirst?.startsWith('{*') === true) return true;
  if (first === undefined || otherFirst === undefined) return first === otherFirst;
  const isSame = first.toLowerCase() === otherFirst.toLowerCase();
  const isAny = first.startsWith('{') || otherFirst.startsWith('{');
  return (isSame || isAny) && overlap(rest, otherRest);
}
