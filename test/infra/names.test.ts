import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { nameMistakes } from './bicep/names';
import { bicepFiles, jsonAt, planting, root, sourcesWith, textAt } from './deployment';

function mistakesWith(planted: Readonly<Record<string, string>> = {}): string[] {
  const { template } = sourcesWith(planted);
  const templateAt = (file: string) =>
    file in planted || existsSync(path.join(root, file)) ? template(file) : null;
  return bicepFiles.flatMap((file) => nameMistakes(template(file), templateAt));
}

test('every name in the Bicep files is declared, used, and exported by the file it comes from [RS8]', () => {
  expect(mistakesWith()).toEqual([]);
});

test.each([
  [
    'a name that nothing declares',
    planting(
      'infra/app/batch.bicep',
      'storageAccountId: storageAccountId',
      'storageAccountId: storageId',
    ),
    [
      'infra/app/batch.bicep: nothing is called storageId',
      'infra/app/batch.bicep: storageAccountId is not used',
    ],
  ],
  [
    'a parameter that a module does not take',
    planting('infra/main.bicep', 'poolVmSize: poolVmSize', 'vmSize: poolVmSize'),
    [
      'infra/main.bicep: app/functions.bicep is not given poolVmSize',
      'infra/main.bicep: app/functions.bicep takes no vmSize',
    ],
  ],
  [
    'an output that a module does not have',
    planting('infra/main.bicep', 'batch.outputs.endpoint', 'batch.outputs.url'),
    ['infra/main.bicep: app/batch.bicep has no output url'],
  ],
  [
    'a module that is not there',
    planting('infra/main.bicep', "'app/events.bicep'", "'app/event.bicep'"),
    ['infra/main.bicep: there is no app/event.bicep'],
  ],
  [
    'a variable that nothing uses',
    planting('infra/app/events.bicep', 'param tags object', 'param tags object\nvar spare = 1'),
    ['infra/app/events.bicep: spare is not used'],
  ],
  [
    'a type that is not imported',
    planting('infra/app/vault.bicep', "import { grant } from 'grant.bicep'\n", ''),
    ['infra/app/vault.bicep: no type is called grant'],
  ],
  [
    'a function whose answer changes with every deployment',
    planting('infra/app/budget.bicep', 'startDate: start', 'startDate: utcNow()'),
    [
      'infra/app/budget.bicep: utcNow() makes every deployment another one',
      'infra/app/budget.bicep: start is not used',
    ],
  ],
])('found: %s', (_, planted, expected) => {
  expect(mistakesWith(planted).map((mistake) => mistake.replace(/line \d+: /, ''))).toEqual(
    expected,
  );
});

interface ParametersFile {
  readonly parameters: Readonly<Record<string, { readonly value: unknown }>>;
}

test('an error is reported with its line', () => {
  const planted = { 'infra/app/events.bicep': "param a string\n\noutput b string = '${a}${c}'\n" };
  expect(mistakesWith(planted)).toContain('infra/app/events.bicep: line 3: nothing is called c');
});

test('the parameters file gives every parameter of the template and no other, each from one azd variable', () => {
  const { parameters } = jsonAt<ParametersFile>('infra/main.parameters.json');
  const declared = sourcesWith().template('infra/main.bicep').params;
  expect(Object.keys(parameters)).toEqual(declared.map(({ name }) => name));
  for (const { value } of Object.values(parameters)) {
    const texts =
      typeof value === 'string' ? [value] : Object.values(value as Record<string, string>);
    for (const text of texts) expect(text).toMatch(/^\$\{[A-Z][A-Z0-9_]*\}$/);
  }
});

test('every azd variable is carried into the pipeline and explained in the deployment guide [RS9]', () => {
  const used = [...textAt('infra/main.parameters.json').matchAll(/\$\{(\w+)\}/g)].map(
    ([, name = '']) => name,
  );
  const ours = used.filter((name) => !name.startsWith('AZURE_'));
  const pipeline = [...textAt('azure.yaml').matchAll(/^ {4}- (\w+)$/gm)].map(
    ([, name = '']) => name,
  );
  expect(pipeline).toEqual(ours);
  const guide = textAt('docs/deploy.md');
  expect(ours.filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
});
