import { expect, test } from 'vitest';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { echo, perBlob, whole } from '../given';
import { CANARY, snapshot, worldOf, type World } from '../world';

const hello = {
  ...whole,
  inputs: { container: 'inbox', endsWith: ['.csv'], maxFiles: 3, maxBytesEach: 10 },
  work: {
    kind: 'whole',
    jobManager: { ...echo, programs: ['own.txt', 'common.txt'], secrets: ['signing-key'] },
  },
} satisfies WorkloadDeclaration;

function blobsOf({ files, plan }: World): Record<string, string | undefined> {
  const { blobs } = files.containers.get(plan.stagingContainer) ?? { blobs: new Map() };
  return Object.fromEntries(
    [...blobs.keys()].map((name: string) => [name, files.text(plan.stagingContainer, name)]),
  );
}

const aboutOne = (name: string, etag?: string) => ({
  blob: name,
  occurrence:
    etag === undefined
      ? ({ kind: 'request', key: 'k' } as const)
      : ({ kind: 'blob', container: 'inbox', name, etag } as const),
});

test('programs, secrets, inputs and the list of inputs go into the container of the run [GD22, PI4, GD29]', async () => {
  const world = worldOf(hello);
  const { activities, files, plan } = world;
  files.put('inbox', 'b/two.csv', '2');
  files.put('inbox', 'A.CSV', '1');
  files.put('inbox', 'notes.txt', 'not one');
  files.put('inbox', 'none.csv', '');

  expect(await activities.stage({ plan })).toEqual({ inputs: 2 });
  expect(blobsOf(world)).toEqual({
    'programs/own.txt': 'of hello\n',
    'programs/common.txt': 'shared by all\n',
    'secrets/signing-key': CANARY,
    'inputs/0001.csv': '1',
    'inputs/0002.csv': '2',
    'inputs.json': JSON.stringify([
      { file: 'inputs/0001.csv', name: 'A.CSV', size: 1 },
      { file: 'inputs/0002.csv', name: 'b/two.csv', size: 1 },
    ]),
  });
});

test('both containers of a run carry its id, so that they are found by it alone [GD21, GD40]', async () => {
  const { activities, files, plan } = worldOf(whole);

  await activities.stage({ plan });

  const labels = {
    nightshiftowner: plan.owner,
    nightshiftrun: plan.runId,
    nightshiftworkload: 'hello',
  };
  expect(await files.listContainers('run-')).toEqual([
    { name: plan.stagingContainer, labels },
    { name: plan.outputContainer, labels },
  ]);
});

test('a workload without inputs has none to count, which is not the same as finding none', async () => {
  const { activities, plan } = worldOf(whole);

  expect([await activities.stage({ plan }), await activities.stage({ plan })]).toEqual([
    { inputs: null },
    { inputs: null },
  ]);
});

const names = ['november/frame-01.png', 'november/frame-2.txt', 'october/frame-03.png', 'x.png'];

test.each([
  ['a whole container', {}, names],
  ['a prefix', { prefix: 'november/' }, names.slice(0, 2)],
  ['an ending in capitals', { endsWith: ['.PNG'] }, [names[0], names[2], names[3]]],
  ['a pattern', { pattern: /frame-\d\d\.png$/ }, [names[0], names[2]]],
  ['a pattern with a memory', { pattern: /frame-/g }, names.slice(0, 3)],
  ['all of these', { prefix: 'november/', endsWith: ['.png'], pattern: /frame/ }, [names[0]]],
])('the inputs are those of %s [GD29]', async (_what, choice, expected) => {
  const inputs = { container: 'inbox', ...choice };
  const { activities, files, plan } = worldOf({ ...perBlob, inputs });
  for (const name of names) files.put('inbox', name, '1');

  expect(await activities.stage({ plan })).toEqual({ inputs: expected.length });

  const list = JSON.parse(files.text(plan.stagingContainer, 'inputs.json') ?? '[]') as {
    readonly name: string;
  }[];
  expect(list.map(({ name }) => name)).toEqual(expected);
});

test.each([
  [{ prefix: 'november/' }, 'start with november/'],
  [{ pattern: /^frame/ }, 'match /^frame/'],
])('a run for one blob that is not an input fails with the reason [GD30]', async (choice, why) => {
  const inputs = { container: 'inbox', ...choice };
  const world = worldOf({ ...perBlob, inputs }, { blob: 'x.png' });
  world.files.put('inbox', 'x.png', '1');

  await expect(world.activities.stage({ plan: world.plan })).rejects.toThrow(
    `blob "x.png" in container inbox is not an input: its name must ${why}`,
  );
});

test('a run that finds no input makes nothing', async () => {
  const { activities, files, plan } = worldOf(hello);

  expect(await activities.stage({ plan })).toEqual({ inputs: 0 });
  expect([...files.containers.keys()]).toEqual([]);
});

test('hostile names become part of no path and no generated blob name', async () => {
  const world = worldOf(hello);
  const { activities, files, plan } = world;
  files.put('inbox', "a'; touch x; '.csv", '1');
  files.put('inbox', '$(reboot)\n"\u{1F600}.csv', '2');
  files.put('inbox', '/etc/passwd.csv', '3');

  await activities.stage({ plan });

  const { 'inputs.json': list = '', ...blobs } = blobsOf(world);
  expect(Object.keys(blobs).filter((name) => name.startsWith('inputs/'))).toEqual([
    'inputs/0001.csv',
    'inputs/0002.csv',
    'inputs/0003.csv',
  ]);
  expect(JSON.parse(list)).toEqual([
    { file: 'inputs/0001.csv', name: '$(reboot)\n"\u{1F600}.csv', size: 1 },
    { file: 'inputs/0002.csv', name: '/etc/passwd.csv', size: 1 },
    { file: 'inputs/0003.csv', name: "a'; touch x; '.csv", size: 1 },
  ]);
});

test('a name that goes up a folder is refused by name', async () => {
  const { activities, files, plan } = worldOf(hello);
  files.put('inbox', '../../x.csv', '1');

  await expect(activities.stage({ plan })).rejects.toMatchObject({
    code: 'inputRefused',
    message: expect.stringContaining('"../../x.csv"'),
  });
});

test('an input that is too large is refused by name, and so are too many [GD30]', async () => {
  const large = worldOf(hello);
  large.files.put('inbox', 'a.csv', '12345678901');
  const many = worldOf(hello);
  for (const name of ['a.csv', 'b.csv', 'c.csv', 'd.csv']) many.files.put('inbox', name, '1');

  await expect(large.activities.stage({ plan: large.plan })).rejects.toMatchObject({
    code: 'inputRefused',
    message: 'blob "a.csv" has 11 bytes, more than inputs.maxBytesEach (10)',
  });
  await expect(many.activities.stage({ plan: many.plan })).rejects.toMatchObject({
    code: 'inputRefused',
    message: 'container inbox has more than 3 input files; raise inputs.maxFiles or remove some',
  });
});

test('a run about one blob takes that one', async () => {
  const world = worldOf(hello, aboutOne('b.csv'));
  world.files.put('inbox', 'a.csv', '1');
  world.files.put('inbox', 'b.csv', '2');

  expect(await world.activities.stage({ plan: world.plan })).toEqual({ inputs: 1 });
  expect(blobsOf(world)['inputs/0001.csv']).toBe('2');
});

test.each([
  [
    'is not there',
    'gone.csv',
    undefined,
    'inputGone',
    'blob "gone.csv" in container inbox does not exist',
  ],
  [
    'is empty',
    'empty.csv',
    undefined,
    'inputRefused',
    'blob "empty.csv" in container inbox is empty',
  ],
  [
    'is too large',
    'large.csv',
    undefined,
    'inputRefused',
    'blob "large.csv" has 11 bytes, more than inputs.maxBytesEach (10)',
  ],
  [
    'is none of the inputs',
    'notes.txt',
    undefined,
    'inputRefused',
    'blob "notes.txt" in container inbox is not an input: its name must end in .csv',
  ],
  [
    'was overwritten since its event',
    'fine.csv',
    'an-older-version',
    'inputGone',
    'blob "fine.csv" in container inbox was overwritten before the run started; the new version starts its own run',
  ],
])(
  'a run about one blob that %s says so and makes nothing [GD30]',
  async (_what, name, etag, code, message) => {
    const { activities, files, plan } = worldOf(hello, aboutOne(name, etag));
    files.put('inbox', 'empty.csv', '');
    files.put('inbox', 'large.csv', '12345678901');
    files.put('inbox', 'notes.txt', '1');
    files.put('inbox', 'fine.csv', '1');

    await expect(activities.stage({ plan })).rejects.toMatchObject({ code, message });
    expect([...files.containers.keys()]).toEqual(['inbox']);
  },
);

test('a blob that is overwritten while it is staged is not taken in its new version', async () => {
  const world = worldOf(hello);
  world.files.put('inbox', 'a.csv', 'old');
  const make = world.files.makeContainer.bind(world.files);
  world.files.makeContainer = async (name, labels) => {
    world.files.put('inbox', 'a.csv', 'new');
    await make(name, labels);
  };

  await expect(world.activities.stage({ plan: world.plan })).rejects.toMatchObject({
    code: 'inputGone',
  });
  expect(blobsOf(world)['inputs/0001.csv']).toBeUndefined();
});

test('what was staged to the end stays as it was counted, whatever has come to the inbox since', async () => {
  const world = worldOf({ ...perBlob, name: 'hello', inputs: hello.inputs });
  world.files.put('inbox', 'b.csv', '1');
  const first = await world.activities.stage({ plan: world.plan });
  const staged = blobsOf(world);

  world.files.put('inbox', 'a.csv', '2');

  expect([first, await world.activities.stage({ plan: world.plan })]).toEqual([
    { inputs: 1 },
    { inputs: 1 },
  ]);
  expect(blobsOf(world)).toEqual(staged);
});

test('a missing secret is named, and no value is shown [GD19]', async () => {
  const secrets = ['signing-key', 'not-there'];
  const { activities, plan } = worldOf({
    ...whole,
    work: { kind: 'whole', jobManager: { ...echo, secrets } },
  });

  const failure = await activities.stage({ plan }).catch((error: unknown) => error);

  expect(failure).toMatchObject({
    code: 'secretMissing',
    message: 'secret not-there of the vault does not exist; store it there',
  });
});

test('a container of another owner is not changed, with the list of inputs or without [GD40]', async () => {
  for (const blob of ['inputs.json', 'anything']) {
    const world = worldOf(whole);
    world.files.put(world.plan.stagingContainer, blob, '[]');
    const before = snapshot(world);

    await expect(world.activities.stage({ plan: world.plan })).rejects.toMatchObject({
      code: 'nameCollision',
    });
    expect(snapshot(world)).toEqual(before);
  }
});
