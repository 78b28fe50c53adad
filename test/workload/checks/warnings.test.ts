import { expect, test } from 'vitest';
import { warningsOf } from '../../../src/workload/checks/warnings';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { checked, echo, whole } from '../../run/given';

function warnings(more: Partial<WorkloadDeclaration>): readonly string[] {
  return warningsOf(checked({ ...whole, ...more }));
}

function ofImage(image: string): readonly string[] {
  return warnings({ work: { kind: 'whole', jobManager: { ...echo, container: { image } } } });
}

test('the smallest workload has no warning', () => {
  expect(warnings({})).toEqual([]);
});

test('an image without a tag or with latest is a warning, since each node resolves it when it starts [GD12]', () => {
  expect(['busybox', 'host:5000/tools/fit', 'busybox:latest'].flatMap(ofImage)).toEqual([
    'container image busybox: has no tag, which means latest; name a version or a digest',
    'container image host:5000/tools/fit: has no tag, which means latest; name a version or a digest',
    'container image busybox:latest: latest is resolved when each node starts; name a version or a digest',
  ]);
  expect(
    ['busybox:1.36', 'host:5000/tools/fit:2', `busybox@sha256:${'0'.repeat(64)}`].flatMap(ofImage),
  ).toEqual([]);
});

test('inter-node communication is a warning [PI15]', () => {
  expect(warnings({ pool: { interNode: true } })).toEqual([
    'pool.interNode: nodes that communicate with each other are placed close together, so the pool may not reach its size; leave it out unless tasks need it',
  ]);
});

test('packages and mounts are warnings in a private network [PI16]', () => {
  const pool = {
    packages: [{ application: 'fit', version: '2.0' }],
    mounts: [{ of: 'outputs' as const, at: 'outputs' }],
  };
  const subnetId = '/subscriptions/s/resourceGroups/g/providers/x/virtualNetworks/n/subnets/nodes';

  expect(warnings({ pool })).toEqual([]);
  expect(warnings({ pool: { ...pool, subnetId } })).toEqual([
    expect.stringMatching(
      /^packages: Batch downloads no application package from a storage account/,
    ),
    expect.stringMatching(/^pool\.mounts: Batch mounts no container of a storage account/),
  ]);
});

test('a locale that nothing installs on the node is a warning [PY18]', () => {
  const setup = {
    command: '/bin/bash install-locale.sh en_US.UTF-8',
    programs: ['install-locale.sh', 'install-packages.sh'],
  };
  const jobManager = { ...echo, locale: 'de_DE.UTF-8' };

  expect(warnings({ locale: 'en_US.UTF-8' })).toEqual([
    'locale en_US.UTF-8: not every image has it; let pool.setup run install-locale.sh en_US.UTF-8',
  ]);
  expect(warnings({ work: { kind: 'whole', jobManager } })).toEqual([
    'locale de_DE.UTF-8: not every image has it; let pool.setup run install-locale.sh de_DE.UTF-8',
  ]);
  expect(warnings({ locale: 'en_US.UTF-8', pool: { setup } })).toEqual([]);
});
