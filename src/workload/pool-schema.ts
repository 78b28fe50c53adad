import { z } from 'zod';
import type { Named } from './named';
import {
  containerName,
  environment,
  imageReference,
  locale,
  MINUTES_PER_DAY,
  packageReferences,
  programName,
  secretName,
} from './fields';
import { imageNames, type ImageName } from './image-names';

const names = Object.keys(imageNames) as [ImageName, ...ImageName[]];

const marketplaceImage = z.strictObject({
  /** Publisher in the marketplace, such as `canonical`. */
  publisher: z.string().min(1),
  /** Offer of the publisher, such as `ubuntu-24_04-lts`. */
  offer: z.string().min(1),
  /** Plan of the offer, such as `server`. */
  sku: z.string().min(1),
  /** Version of the image. Default: `latest`. */
  version: z.string().default('latest'),
  /**
   * Node agent, such as `batch.node.ubuntu 24.04`. Default: the one that Batch lists for the image.
   */
  nodeAgent: z.string().optional(),
});

/** A machine image of the Azure marketplace. */
export interface MarketplaceImage extends z.input<typeof marketplaceImage>, Named {}

const galleryImage = z.strictObject({
  /** Resource id of the image in an Azure Compute Gallery. */
  gallery: z
    .string()
    .regex(/^\/subscriptions\/[^/]+\/.+\/images\/[^/]+/i, 'must be the resource id of an image'),
  /** Node agent that fits the image, such as `batch.node.ubuntu 24.04`. */
  nodeAgent: z.string().min(1),
});

/** A machine image of your own. */
export interface GalleryImage extends z.input<typeof galleryImage>, Named {}

const imageSchema = z.union([z.enum(names), marketplaceImage, galleryImage], {
  error: `must be one of ${names.join(', ')}, or { publisher, offer, sku }, or { gallery, nodeAgent } for an image of your own`,
});

const imageField: z.ZodType<
  z.output<typeof imageSchema>,
  ImageName | MarketplaceImage | GalleryImage
> = imageSchema;

const registrySchema = z.strictObject({
  /** Host of the registry, such as `myregistry.azurecr.io`; `docker.io` for Docker Hub. */
  server: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?$/i, 'must be a host name, without https://'),
  /** User name at the registry. */
  user: z.string().min(1),
  /**
   * Name of the Key Vault secret with the password. It is read when the pool is created, and stored
   * nowhere.
   */
  secret: secretName,
});

/** A container registry that requires a password. */
export interface RegistryOptions extends z.input<typeof registrySchema>, Named {}

const registryField: z.ZodType<z.output<typeof registrySchema>, RegistryOptions> = registrySchema;

const pricePair = z.strictObject({
  /** Price of a Spot node for an hour, above 0. */
  spot: z.number().positive(),
  /** Price of a dedicated node for an hour, above 0. */
  dedicated: z.number().positive(),
});

/** Prices of a node for an hour, by kind of node. */
export interface PricePair extends z.output<typeof pricePair>, Named {}

export type NodePrice = number | PricePair;

/** One price for every node, or one for each kind. */
export const nodePrice: z.ZodType<NodePrice, NodePrice> = z.union(
  [z.number().positive(), pricePair],
  { error: 'must be a number above 0, or { spot, dedicated }' },
);

/** A folder name below the node's folder of mounts. */
const MOUNT_POINT = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

const mountedContainer = z.strictObject({
  /** Container of the storage account. */
  container: containerName,
});

const mountSchema = z.strictObject({
  /**
   * Container to mount: the run's `inputs` or `outputs`, or `{ container: 'maps' }` of the storage
   * account.
   */
  of: z.union([z.enum(['inputs', 'outputs']), mountedContainer], {
    error: "must be 'inputs', 'outputs' or { container: 'name' }",
  }),
  /** Folder name of the mount: tasks find it at `$AZ_BATCH_NODE_MOUNTS_DIR/<at>`. */
  at: z.string().regex(MOUNT_POINT, 'must be a folder name: letters, digits, _ and -'),
  /**
   * Options of the mount command, such as `-o allow_other -o ro`. Default: every user may read, and
   * may write to the outputs.
   */
  options: z
    .string()
    .regex(
      /^(-o \S+|--\S+)( (-o \S+|--\S+))*$/,
      'must be mount options such as "-o allow_other -o ro"',
    )
    .optional(),
});

/** A container that is mounted as a folder on every node. */
export interface MountOptions extends z.input<typeof mountSchema>, Named {}

const mountField: z.ZodType<z.output<typeof mountSchema>, MountOptions> = mountSchema;

const setupSchema = z.strictObject({
  /**
   * Command line, such as `/bin/bash install-node.sh`. Batch runs it without a shell: for `&&`, `|`
   * or `$NAME` write `/bin/sh -c '…'`.
   */
  command: z.string().min(1),
  /**
   * Files of the workload's `programs` folder, or of the shared one, that are put into the working
   * directory. Default: none.
   */
  programs: z.array(programName).default([]),
  /** Environment variables. Names are upper-case letters, digits and `_`. Default: none. */
  environment,
  /** Value of `LC_ALL`. Default: the workload's `locale`. */
  locale: locale.optional(),
  /** True to run it as administrator. Default: true. */
  elevated: z.boolean().default(true),
  /** Number of times that Batch reruns it after a non-zero exit code, 0 to 10. Default: 2. */
  retries: z.int().min(0).max(10).default(2),
  /**
   * Minutes that it may run on a node, its retries included, 1 to 1440; after that the node counts
   * as failed. Batch itself limits no start task. `pool.maxWaitMinutes` includes this time.
   * Default: 30.
   */
  maxMinutes: z.int().min(1).max(MINUTES_PER_DAY).default(30),
});

/** The start task: it runs on every node before the first task and installs what programs need. */
export interface SetupOptions extends z.input<typeof setupSchema>, Named {}

const setupField: z.ZodType<z.output<typeof setupSchema>, SetupOptions> = setupSchema;

const retentionSchema = z.strictObject({
  /** Days after which the pool is replaced by a new one, 1 to 90. */
  days: z.int().min(1).max(90),
});

/** Retention of a pool between runs. */
export interface RetentionOptions extends z.input<typeof retentionSchema>, Named {}

const retentionField: z.ZodType<
  z.output<typeof retentionSchema>,
  RetentionOptions
> = retentionSchema;

export const poolSchema = z.strictObject({
  /**
   * Id of an existing pool to use. It is never resized or deleted, and no other field of the pool
   * may be set. Default: each run creates a pool and deletes it at its end.
   */
  existing: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be the id of a pool')
    .optional(),
  /**
   * Retains the pool between runs, scaled to zero nodes, such as `{ days: 7 }`. Default: the pool
   * is deleted when the run ends.
   */
  keep: retentionField.optional(),

  /**
   * Azure VM size of the nodes, such as `standard_d4s_v5`. Default: the smallest size with `cores`
   * and `memoryGiB`, else the app setting `POOL_VM_SIZE`.
   */
  vmSize: z
    .string()
    .regex(/^standard_[a-z0-9_-]+$/i, 'must be an Azure VM size such as "standard_d2s_v5"')
    .optional(),
  /** Cores that a node needs at least, instead of `vmSize`. Default: no minimum. */
  cores: z.int().min(1).optional(),
  /** Memory in GiB that a node needs at least, instead of `vmSize`. Default: no minimum. */
  memoryGiB: z.number().positive().optional(),
  /**
   * Machine image: a name such as `ubuntu-24.04`, an image of the marketplace, or an image of your
   * own. Default: `ubuntu-24.04`, or `ubuntu-hpc-24.04` for container tasks.
   */
  image: imageField.optional(),

  /**
   * Container images that a node pulls when it starts, in addition to those of the tasks. With any
   * image, all tasks of the workload must be containers. Default: none.
   */
  containerImages: z.array(imageReference).default([]),
  /** Registries that require a password; public ones need no entry. Default: none. */
  registries: z.array(registryField).default([]),

  /**
   * Maximum number of nodes, 1 to 1000; the pool follows the pending tasks up to it. Default: 1.
   */
  maxNodes: z.int().min(1).max(1000).default(1),
  /** Task slots of each node, 1 to 256 and at most four for each core. Default: 1. */
  slotsPerNode: z.int().min(1).max(256).default(1),
  /**
   * Placement of tasks: `pack` fills a node before the next one and is cheaper, `spread`
   * distributes them over all nodes. Default: `pack`.
   */
  fill: z.enum(['pack', 'spread']).optional(),
  /**
   * Number of nodes, of `maxNodes`, that are dedicated: more expensive, and never preempted.
   * Default: 0.
   */
  dedicatedNodes: z.int().min(0).max(1000).default(0),
  /**
   * Age of the run in minutes, 5 to 1440 and less than `maxWaitMinutes`, from which dedicated nodes
   * are requested while no Spot node is available. Default: never.
   */
  dedicatedAfterMinutes: z.int().min(5).max(MINUTES_PER_DAY).optional(),
  /**
   * Minutes without an idle or running node after which the run fails, 5 to 1440. A node that is
   * starting, or that runs its start task, does not count yet, but has 15 minutes from its allocation, and those of
   * `setup.maxMinutes`. Default: 60.
   */
  maxWaitMinutes: z.int().min(5).max(MINUTES_PER_DAY).default(60),

  /**
   * Resource id of the subnet that nodes join. Default: the app setting `POOL_SUBNET_ID`, else a
   * network of Batch.
   */
  subnetId: z
    .string()
    .regex(
      /^\/subscriptions\/[^/]+\/resourceGroups\/.+\/subnets\/[^/]+$/i,
      'must be the resource id of a subnet: /subscriptions/…/subnets/<name>',
    )
    .optional(),
  /**
   * True to let nodes open connections to each other, such as for MPI. It limits the pool to 100
   * nodes. Default: false.
   */
  interNode: z.boolean().default(false),

  /**
   * Start task that prepares every node, such as
   * `{ command: '/bin/bash install-node.sh', programs: ['install-node.sh'] }`. Default: none.
   */
  setup: setupField.optional(),
  /** Containers that are mounted as folders on every node, at most 10. Default: none. */
  mounts: z.array(mountField).max(10).default([]),
  /**
   * Application packages that every node unpacks before its first task, at most 10. Default: none.
   */
  packages: packageReferences,

  /**
   * Price of a node for an hour in your currency, such as `0.02` or
   * `{ spot: 0.02, dedicated: 0.1 }`, for plans and estimates. Default: the app setting
   * `NODE_PRICES`.
   */
  pricePerNodeHour: nodePrice.optional(),
});

/** The nodes of a run. */
export interface PoolOptions extends z.input<typeof poolSchema>, Named {}
export interface Pool extends z.output<typeof poolSchema>, Named {}

export const poolField: z.ZodType<Pool, PoolOptions> = poolSchema;

export type Mount = Pool['mounts'][number];
