import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { whyNoBicep } from '../../scripts/bicep-compiler.mjs';
import { resolved } from './bicep/arm';
import { build, lint, predict, type PredictedResource } from './bicep/compiler';
import { groupId, SUBSCRIPTION } from './bicep/functions';
import { compiledModules, compiledShapeOf, shapeOf, type ArmTemplate } from './bicep/shape';
import type { Value } from './bicep/values';
import { planFor, planting, profiles, root, sourcesWith } from './deployment';
import { legible, plain, plannedFor, type Plain } from './planned';

const missing = whyNoBicep();
const skipped = missing === null ? '' : `, skipped as the compiler is not there: ${missing}`;
const compiled = test.skipIf(missing !== null);

/** Starting the compiler takes seconds on a busy machine. */
const TIMEOUT_MS = 120_000;

let folder = '';
let compiling: ReturnType<typeof build>;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bicep-'));
  if (missing === null) compiling = build(root, 'infra/main.bicep');
});
afterAll(() => rmSync(folder, { recursive: true }));

compiled(
  `the real compiler and its linter report nothing about any Bicep file [GD13]${skipped}`,
  async () => {
    expect(await lint(root, 'infra/**/*.bicep')).toEqual([]);
    expect((await compiling).diagnostics).toEqual([]);
  },
  TIMEOUT_MS,
);

/** Each is a title, a file, the text to replace, its replacement, and the codes that are reported. */
const errors: readonly (readonly [string, string, string, string, readonly string[]])[] = [
  [
    'a value of the wrong type',
    'infra/app/batch.bicep',
    "poolAllocationMode: 'BatchService'",
    'poolAllocationMode: true',
    ['BCP036'],
  ],
  [
    'a symbol that nothing declares',
    'infra/app/batch.bicep',
    'scope: account\n',
    'scope: acount\n',
    ['BCP057'],
  ],
  [
    'a module without one of its parameters',
    'infra/main.bicep',
    '    spotHours: spotAlertHours\n',
    '',
    ['BCP035', 'no-unused-params'],
  ],
  [
    'a parameter of a module with the wrong type',
    'infra/main.bicep',
    'keepDays: declared.keepDays',
    "keepDays: 'thirty'",
    ['BCP036'],
  ],
  [
    'a property that is spelt wrong, of a type that the offline checks have no table for',
    'infra/app/alerts.bicep',
    'autoMitigate: true',
    'autoMitigated: true',
    ['BCP089'],
  ],
];

compiled(
  `the real compiler finds planted errors${skipped}`,
  async () => {
    for (const [index, [, file, from, to]] of errors.entries()) {
      const copy = path.join(folder, 'planted', String(index));
      cpSync(path.join(root, 'infra'), path.join(copy, 'infra'), { recursive: true });
      writeFileSync(path.join(copy, file), planting(file, from, to)[file] ?? '');
    }
    const found = await lint(path.join(folder, 'planted'), '**/*.bicep');
    const codes = errors.map(([what, file], index) => [
      what,
      ...found
        .filter((one) => one.file === path.join(String(index), file))
        .map(({ code }) => code)
        .sort(),
    ]);
    expect(codes).toEqual(errors.map(([what, , , , expected]) => [what, ...expected]));
  },
  TIMEOUT_MS,
);

compiled(
  `the compiled templates declare the parameters, resources, modules and outputs that the offline plan has${skipped}`,
  async () => {
    const main = (await compiling).template as ArmTemplate;
    const { template } = sourcesWith();
    const offline = template('infra/main.bicep');
    const modules = compiledModules(main);

    expect(compiledShapeOf(main)).toEqual(shapeOf(offline));
    const names = new Map(
      planFor(profiles['everything'] ?? {}).modules.map(({ path: own, name }) => [own, name]),
    );
    for (const { name, path: file } of offline.modules) {
      const found = modules.get(names.get(name) ?? '');
      expect([file, found && compiledShapeOf(found)]).toEqual([
        file,
        shapeOf(template(path.posix.join('infra', file))),
      ]);
    }
    expect(modules.size).toBe(offline.modules.length);
  },
  TIMEOUT_MS,
);

/** A resource as both sides say it. Names are part of ids. */
interface Compared {
  readonly type: string;
  readonly version: string;
  readonly id: string;
  readonly body: Plain;
}

const ASSIGNMENT = 'Microsoft.Authorization/roleAssignments';

/** The name of a role assignment is a hash over ids, which each side computes from its own names. */
function compared({ type, version, id, body }: Compared): Compared {
  const { name: _name, ...rest } = body as Readonly<Record<string, Plain>>;
  const shown = type === ASSIGNMENT ? id.replace(/[0-9a-f-]{36}$/, '{guid}') : id;
  return { type, version, id: shown, body: rest };
}

function sorted(list: readonly Compared[]): readonly Compared[] {
  return list.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}

const GROUP = groupId({ subscriptionId: SUBSCRIPTION, resourceGroup: 'rg-try' });

/**
 * Parameters of a module that a prediction leaves by name, behind a condition which it cannot decide
 * before the deployment.
 */
const OPEN: Readonly<Record<string, Value>> = {
  schedulerEndpoint: `{${GROUP}/providers/Microsoft.DurableTask/schedulers/dts-*.properties.endpoint}`,
  identityClientId: `{${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-app-*.properties.clientId}`,
};

/** A star for what makes a name unique: the offline plan hashes in a way of its own. */
function starred<Shape>(value: Shape): Shape {
  const text = JSON.stringify(value);
  const token = /id-app-([a-z0-9]{13})/.exec(text)?.[1];
  if (token === undefined) throw new Error('no name shows the token');
  return JSON.parse(text.replaceAll(token, '*')) as Shape;
}

function predictedAs({ id, type, name, apiVersion, ...body }: PredictedResource): Compared {
  const shownName = String(resolved(name, OPEN));
  const shownId = id.startsWith('[resourceId') ? idOf(type, shownName) : String(resolved(id, OPEN));
  return compared({
    type,
    version: apiVersion,
    id: legible(shownId),
    body: plain(resolved(body, OPEN)),
  });
}

/** `providers/A.B/c/name/d/name`, from `A.B/c/d` and `name/name`. */
function idOf(type: string, name: string): string {
  const [provider = '', ...kinds] = type.split('/');
  const names = name.split('/');
  const pairs = kinds.map((kind, index) => `${kind}/${names[index] ?? ''}`);
  return `${GROUP}/providers/${provider}/${pairs.join('/')}`;
}

compiled.each(Object.entries(profiles))(
  `for the profile %s Azure's own engine predicts the resources and outputs of the offline plan${skipped}`,
  async (name, params) => {
    const main = path.join(root, 'infra/main.bicep');
    const snapshot = starred(await predict(main, params, path.join(folder, name)));

    expect(snapshot.diagnostics).toEqual([]);
    expect(sorted(snapshot.predictedResources.map(predictedAs))).toEqual(
      sorted(plannedFor(params).map(compared)),
    );
    expect(plain(resolved(snapshot.outputs, OPEN))).toEqual(plain(planFor(params).outputs));
  },
  TIMEOUT_MS,
);
