import { expect, test } from 'vitest';
import { preparationOf, releaseOf } from '../../../src/run/submit/preparation';
import { createActivities } from '../../../src/run/activities';
import { secretsFrom } from '../../fakes';
import { access, checked, whole } from '../given';
import { now, worldOf } from '../world';

const prepare = {
  command: "/bin/bash -c 'make && make install'",
  programs: ['Makefile'],
  secrets: ['signing-key'],
  environment: { LEVEL: 'low' },
  locale: 'de_DE.UTF-8',
  elevated: true,
  retries: 1,
  maxMinutes: 5,
};

test('a job has no preparation unless something asks for it', () => {
  const hello = checked(whole);

  expect([preparationOf(hello, access), releaseOf(hello, access)]).toEqual([null, null]);
});

test('preparation and release run with their files, variables, locale and rights [PI3, PY16, GD31]', () => {
  const workload = checked({ ...whole, prepare, release: { command: 'rm -r /tmp/x' } });

  expect([preparationOf(workload, access), releaseOf(workload, access)]).toEqual([
    {
      command: "/bin/bash -c 'make && make install'",
      resourceFiles: [
        { url: 'https://in/programs/Makefile?r', path: 'Makefile', mode: '0755' },
        { url: 'https://in/secrets/signing-key?r', path: 'secrets/signing-key', mode: '0400' },
      ],
      environment: { LC_ALL: 'de_DE.UTF-8', LEVEL: 'low' },
      elevated: true,
      retries: 1,
      maxMinutes: 5,
      container: null,
    },
    {
      command: 'rm -r /tmp/x',
      resourceFiles: [],
      environment: {},
      elevated: false,
      retries: 0,
      maxMinutes: 15,
      container: null,
    },
  ]);
});

test('the preparation downloads shared data to each node once [GD9]', () => {
  const shared = [{ container: 'maps', prefix: '2026/', to: 'maps' }];

  expect(preparationOf(checked({ ...whole, shared }), access)).toMatchObject({
    command: '/bin/true',
    resourceFiles: [{ containerUrl: 'https://maps?rl', prefix: '2026/', path: 'maps' }],
  });
});

test('mounts are checked before the preparation, and no task runs without them', () => {
  const pool = {
    mounts: [
      { of: 'outputs' as const, at: 'out' },
      { of: { container: 'maps' }, at: 'maps' },
    ],
  };
  const commands = [
    checked({ ...whole, pool }),
    checked({ ...whole, pool, prepare: { command: prepare.command } }),
  ].map((workload) => preparationOf(workload, access)?.command);

  expect(commands).toEqual([
    '/bin/sh check-mounts.sh out maps',
    "/bin/sh check-mounts.sh out maps -- /bin/bash -c 'make && make install'",
  ]);
});

test('a release without preparation adds an empty preparation, which Batch requires', () => {
  const workload = checked({ ...whole, release: { command: 'echo bye' } });

  expect(preparationOf(workload, access)?.command).toBe('/bin/true');
});

test('preparation and release are each given their own secrets, and both are staged', async () => {
  const values = { 'licence-key': 'of the preparation', 'revoke-key': 'of the release' };
  const { batch, files, plan, tools } = worldOf({
    ...whole,
    prepare: { command: 'node licence.mjs', secrets: ['licence-key'] },
    release: { command: 'node revoke.mjs', secrets: ['revoke-key'] },
  });
  const activities = createActivities({ ...tools, secrets: secretsFrom(values) });
  await activities.stage({ plan });
  await activities.submitJob({ plan, now });

  const secret = (name: string) => ({
    url: `memory://${plan.stagingContainer}/secrets/${name}?read-for=210`,
    path: `secrets/${name}`,
    mode: '0400',
  });
  const { preparation, release } = batch.jobs.get(plan.jobId)?.spec ?? {};
  expect([preparation?.resourceFiles, release?.resourceFiles]).toEqual([
    [secret('licence-key')],
    [secret('revoke-key')],
  ]);
  const staged = Object.keys(values).map((name) =>
    files.text(plan.stagingContainer, `secrets/${name}`),
  );
  expect(staged).toEqual(Object.values(values));
});
