import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { whyNoBicep } from '../../scripts/bicep-compiler.mjs';
import { resolved } from './bicep/arm';
import { build, lint, predict, type PredictedResource } from './bicep/compiler';
import { SUBSCRIPTION } from './bicep/functions';
import {
  compiledModules,
  compiledShapeOf,
  compiledWaits,
  shapeOf,
  type ArmTemplate,
} from './bicep/shape';
import { textOf, type Value } from './bicep/values';
import { planFor, planting, profiles, root, sourcesWith } from './deployment';
import { legible, plain, plannedFor, type Plain } from './planned';

const missing = whyNoBicep();
const skipped = missing === null ? '' : `, skipped as the compiler is not there: ${missing}`;
const isMissing = missing !== null;

/** The compiler needs some four seconds of one core for each start, and a minute on a busy machine. */
const TIMEOUT_MS = 300_000;

let folder = '';
let compiling: ReturnType<typeof build>;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bicep-'));
  if (!isMissing) compiling = build(root, 'infra/main.bicep', folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

test.skipIf(isMissing)(
  `the real compiler and its linter report nothing about any Bicep file [GD13]${skipped}`,
  async () => {
    expect(await lint(root, 'infra/**/*.bicep')).toEqual([]);
    expect((await compiling).diagnostics).toEqual([]);
  },
  TIMEOUT_MS,
);

/** An error in a copy of the deployment, and the codes that the compiler reports in that file. */
interface PlantedError {
  readonly what: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly codes: readonly string[];
}

const errors: readonly PlantedError[] = [
  {
    what: 'a value of the wrong type',
    file: 'infra/app/batch.bicep',
    from: "poolAllocationMode: 'BatchService'",
    to: 'poolAllocationMode: true',
    codes: ['BCP036'],
  },
  {
    what: 'a symbol that nothing declares',
    file: 'infra/app/batch.bicep',
    from: 'scope: account\n',
    to: 'scope: acount\n',
    codes: ['BCP057'],
  },
  {
    what: 'a module without one of its parameters',
    file: 'infra/main.bicep',
    from: '    spotHours: spotAlertHours\n',
    to: '',
    codes: ['BCP035', 'no-unused-params'],
  },
  {
    what: 'a parameter of a module with the wrong type',
    file: 'infra/main.bicep',
    from: 'keepDays: declared.keepDays',
    to: "keepDays: 'thirty'",
    codes: ['BCP036'],
  },
  {
    what: 'a property that is spelt wrong, of a type that the offline checks have no table for',
    file: 'infra/app/alerts.bicep',
    from: 'autoMitigate: true',
    to: 'autoMitigated: true',
    codes: ['BCP089'],
  },
];

test.skipIf(isMissing)(
  `the real compiler finds planted errors${skipped}`,
  async () => {
    for (const [index, { file, from, to }] of errors.entries()) {
      const copy = path.join(folder, 'planted', String(index));
      cpSync(path.join(root, 'infra'), path.join(copy, 'infra'), { recursive: true });
      writeFileSync(path.join(copy, file), planting(file, from, to)[file] ?? '');
    }
    const found = await lint(path.join(folder, 'planted'), '**/*.bicep');
    const reported = errors.map((error, index) => ({
      ...error,
      codes: found
        .filter(({ file }) => file === path.join(String(index), error.file))
        .map(({ code }) => code)
        .sort(),
    }));
    expect(reported).toEqual(errors);
  },
  TIMEOUT_MS,
);

test.skipIf(isMissing)(
  `the compiled templates declare the parameters, resources, modules and outputs that the offline plan has${skipped}`,
  async () => {
    const main = (await compiling).template as ArmTemplate;
    const { template } = sourcesWith();
    const offline = template('infra/main.bicep');
    const modules = compiledModules(main);

    expect(compiledShapeOf(main)).toEqual(shapeOf(offline));
    for (const { name, path: file } of offline.modules) {
      const found = modules.get(name);
      expect([file, found && compiledShapeOf(found)]).toEqual([
        file,
        shapeOf(template(path.posix.join('infra', file))),
      ]);
    }
    expect(modules.size).toBe(offline.modules.length);
  },
  TIMEOUT_MS,
);

test.skipIf(isMissing)(
  `modules and resources wait in the compiled templates for what they wait for in the offline plan${skipped}`,
  async () => {
    const waits = compiledWaits((await compiling).template as ArmTemplate);
    // One alert exists only where the reconciler has the schedule of the app.
    const params = { ...profiles['everything'], reconcileSchedule: '' };
    expect(waits).toEqual(planFor(params).waits);
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

const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-try`;

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
  const shownName = textOf(resolved(name, OPEN));
  const shownId = id.startsWith('[resourceId') ? idOf(type, shownName) : textOf(resolved(id, OPEN));
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

/** Returns what the engine predicts, in the form of a plan. */
async function predictedFor(name: string) {
  const main = path.join(root, 'infra/main.bicep');
  const predicted = await predict(main, profiles[name] ?? {}, path.join(folder, name));
  const { diagnostics, predictedResources, outputs } = starred(predicted);
  return {
    diagnostics,
    resources: sorted(predictedResources.map(predictedAs)),
    outputs: plain(resolved(outputs, OPEN)),
  };
}

test.skipIf(isMissing).each(Object.entries(profiles))(
  `for the profile %s the engine of Azure Resource Manager predicts the offline plan${skipped}`,
  async (name, params) => {
    const predicted = await predictedFor(name);

    expect(predicted).toEqual({
      diagnostics: [],
      resources: sorted(plannedFor(params).map(compared)),
      outputs: plain(planFor(params).outputs),
    });
    const other = planting('infra/app/storage.bicep', 'days: 7', 'days: 8');
    expect(predicted.resources).not.toEqual(sorted(plannedFor(params, other).map(compared)));
  },
  TIMEOUT_MS,
);
