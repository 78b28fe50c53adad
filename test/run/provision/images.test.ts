import { expect, test } from 'vitest';
import type { Failure } from '../../../src/failure';
import { chooseImage } from '../../../src/run/provision/images';
import type { SupportedImage } from '../../../src/run/ports';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { supportedImages } from '../../fakes';
import { checked, echo, STARTED, whole } from '../given';

const container = { image: 'busybox:1.36' };
const containers: WorkloadDeclaration = {
  ...whole,
  work: { kind: 'whole', jobManager: { ...echo, container } },
};

function chosen(
  image: WorkloadDeclaration['pool']['image'],
  now = STARTED,
  among: readonly SupportedImage[] = supportedImages,
) {
  const pool = image === undefined ? {} : { image };
  return chooseImage(checked({ ...whole, pool }), among, now);
}

function refusalOf(choose: () => unknown): string {
  try {
    choose();
    return 'not refused';
  } catch (error) {
    const { code, message } = error as Failure;
    return `${code}: ${message}`;
  }
}

test('an image by name comes with the node agent that the service lists for it [PY5, GD23]', () => {
  expect(chosen('ubuntu-22.04')).toEqual({
    image: {
      kind: 'marketplace',
      publisher: 'canonical',
      offer: '0001-com-ubuntu-server-jammy',
      sku: '22_04-lts',
      version: 'latest',
      nodeAgent: 'batch.node.ubuntu 22.04',
    },
    warnings: [],
  });
});

test('the default image is Ubuntu 24.04, and for containers the one that runs them', () => {
  const images = [chosen(undefined), chooseImage(checked(containers), supportedImages, STARTED)];

  expect(images.map(({ image }) => image.kind === 'marketplace' && image.offer)).toEqual([
    'ubuntu-24_04-lts',
    'ubuntu-hpc',
  ]);
});

test('an image by publisher, offer and sku is compared without regard to case [PY5]', () => {
  const image = { publisher: 'Canonical', offer: 'Ubuntu-24_04-LTS', sku: 'SERVER', version: '1' };

  expect(chosen(image).image).toEqual({
    kind: 'marketplace',
    ...image,
    nodeAgent: 'batch.node.ubuntu 24.04',
  });
});

test('an image of an own gallery is taken with the agent that it names [RS6]', () => {
  const gallery = '/subscriptions/s/resourceGroups/g/providers/x/galleries/y/images/z';

  expect(chosen({ gallery, nodeAgent: 'batch.node.ubuntu 24.04' })).toEqual({
    image: { kind: 'gallery', id: gallery, nodeAgent: 'batch.node.ubuntu 24.04' },
    warnings: [],
  });
  expect(refusalOf(() => chosen({ gallery, nodeAgent: 'batch.node.amiga' }))).toBe(
    `badSpecification: pool.image "${gallery}" cannot be used: Batch does not support the node agent "batch.node.amiga"; it supports batch.node.ubuntu 24.04, batch.node.ubuntu 22.04`,
  );
});

test('an image whose support has ended is refused, and one that ends soon is warned of [PY20]', () => {
  expect(refusalOf(() => chosen('ubuntu-22.04', '2027-06-30T00:00:00.000Z'))).toBe(
    'badSpecification: pool.image "ubuntu-22.04" cannot be used: Batch has created no new pools with it since 2027-06-30; choose a newer image',
  );
  expect(chosen('ubuntu-22.04', '2027-06-20T12:00:00.000Z').warnings).toEqual([
    'pool.image: Batch supports ubuntu-22.04 until 2027-06-30, 9 days from now; choose a newer image',
  ]);
});

test('an image without a container runtime is refused for containers, whatever it is called', () => {
  const plain = checked({ ...containers, pool: { image: 'ubuntu-24.04' } });

  expect(refusalOf(() => chooseImage(plain, supportedImages, STARTED))).toBe(
    'badSpecification: pool.image "ubuntu-24.04" cannot be used: it has no container runtime, and the tasks run in containers; choose ubuntu-hpc-24.04, or another image with the capability DockerCompatible',
  );
});

test('an image that the account does not have is refused, with those it has', () => {
  const windows = { publisher: 'a', offer: 'ubuntu-24_04-lts', sku: 'minimal' };

  expect(refusalOf(() => chosen(windows))).toBe(
    'badSpecification: pool.image "a ubuntu-24_04-lts minimal" cannot be used: the Batch account does not support it; it supports canonical ubuntu-24_04-lts server',
  );
  expect(refusalOf(() => chosen('debian-12', STARTED, []))).toBe(
    'badSpecification: pool.image "debian-12" cannot be used: the Batch account does not support it; it supports none',
  );
});

test('an agent that does not fit its image is refused, with the one that does', () => {
  const image = {
    publisher: 'canonical',
    offer: 'ubuntu-24_04-lts',
    sku: 'server',
    nodeAgent: 'batch.node.ubuntu 22.04',
  };

  expect(refusalOf(() => chosen(image))).toBe(
    'badSpecification: pool.image "canonical ubuntu-24_04-lts server" cannot be used: its node agent is batch.node.ubuntu 24.04 and not "batch.node.ubuntu 22.04"; leave nodeAgent out',
  );
});
