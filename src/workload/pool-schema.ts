import { z } from 'zod';
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

const image = z.union(
  [
    z.enum(names),
    z.strictObject({
      publisher: z.string().min(1),
      offer: z.string().min(1),
      sku: z.string().min(1),
      version: z.string().default('latest'),
      /** The service's list of images says which one fits; name it to insist. */
      nodeAgent: z.string().optional(),
    }),
    z.strictObject({
      gallery: z
        .string()
        .regex(/^\/subscriptions\/[^/]+\/.+\/images\/[^/]+/i, 'must be a resource id'),
      nodeAgent: z.string().min(1),
    }),
  ],
  {
    error: `must be one of ${names.join(', ')}, or { publisher, offer, sku }, or { gallery, nodeAgent } of an image of your own`,
  },
);

const registry = z.strictObject({
  /** `myregistry.azurecr.io`; `docker.io` for the Docker Hub. */
  server: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?$/i, 'must be a host, without https://'),
  user: z.string().min(1),
  /** The Key Vault name of the password. It is read when the pool is made, and kept nowhere. */
  secret: secretName,
});

/** One price for every node, or one for each kind. */
export const nodePrice = z.union(
  [
    z.number().positive(),
    z.strictObject({ spot: z.number().positive(), dedicated: z.number().positive() }),
  ],
  { error: 'must be a number above 0, or { spot, dedicated }' },
);

export type NodePrice = z.output<typeof nodePrice>;

/** A folder name below the node's folder of mounts. */
const MOUNT_POINT = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

const mount = z.strictObject({
  /** The run's inputs and outputs, or another container of the storage account. */
  of: z.union([z.enum(['inputs', 'outputs']), z.strictObject({ container: containerName })], {
    error: "must be 'inputs', 'outputs' or { container: 'name' }",
  }),
  /** Where: `$AZ_BATCH_NODE_MOUNTS_DIR/<at>`. */
  at: z.string().regex(MOUNT_POINT, 'must be a folder name: letters, digits, _ and -'),
  /**
   * Options of the mount command. Mounts belong to root: what other users may do stands here.
   * Without a word: everybody reads, and in the outputs everybody writes.
   */
  options: z
    .string()
    .regex(/^(-o \S+|--\S+)( (-o \S+|--\S+))*$/, 'must be mount options: "-o allow_other -o ro"')
    .optional(),
});

/** Runs on every node before its first task. It installs what the programs need. */
const setup = z.strictObject({
  command: z.string().min(1),
  programs: z.array(programName).default([]),
  environment,
  locale: locale.optional(),
  elevated: z.boolean().default(true),
  retries: z.int().min(0).max(10).default(2),
});

/**
 * The nodes of a run. Without `existing` and `keep` every run makes a pool of its own and deletes
 * it at its end.
 */
export const poolSchema = z.strictObject({
  /** A pool that somebody else made. It is looked at and used, and never resized or deleted. */
  existing: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be the id of a pool')
    .optional(),
  /** A pool that is left at zero nodes between runs, and made anew after so many days. */
  keep: z.strictObject({ days: z.int().min(1).max(90) }).optional(),

  /** Where neither this nor `cores` nor `memoryGiB` is said, the app setting POOL_VM_SIZE says. */
  vmSize: z
    .string()
    .regex(/^standard_[a-z0-9_-]+$/i, 'must be an Azure VM size such as "standard_d2s_v5"')
    .optional(),
  /** The smallest size that has so many cores and so much memory. */
  cores: z.int().min(1).optional(),
  memoryGiB: z.number().positive().optional(),
  image: image.optional(),

  /**
   * Container images that are fetched when a node starts, besides those of the tasks. With any, and
   * with any container task, every task of the workload must be a container.
   */
  containerImages: z.array(imageReference).default([]),
  /** Registries that ask who is there. Images of public ones need no entry. */
  registries: z.array(registry).default([]),

  maxNodes: z.int().min(1).max(1000).default(1),
  slotsPerNode: z.int().min(1).max(256).default(1),
  /** `pack` (without a word) fills a node before the next one, and is cheaper; `spread` shares out. */
  fill: z.enum(['pack', 'spread']).optional(),
  /** Of the nodes that are wanted, so many are dedicated: dearer, and never taken away. */
  dedicatedNodes: z.int().min(0).max(1000).default(0),
  /** Dedicated nodes stand in when the run is so old and no Spot node is there. */
  dedicatedAfterMinutes: z.int().min(5).max(MINUTES_PER_DAY).optional(),
  /** Give up when no node has come within this time. */
  maxWaitMinutes: z.int().min(5).max(MINUTES_PER_DAY).default(60),

  /** The resource id of the subnet that nodes join, instead of the app setting POOL_SUBNET_ID. */
  subnetId: z
    .string()
    .regex(
      /^\/subscriptions\/[^/]+\/resourceGroups\/.+\/subnets\/[^/]+$/i,
      'must be the resource id of a subnet: /subscriptions/…/subnets/<name>',
    )
    .optional(),
  /** Nodes may open connections to each other. It caps the pool at 100 nodes. */
  interNode: z.boolean().default(false),

  setup: setup.optional(),
  mounts: z.array(mount).max(10).default([]),
  /** Application packages that every node unpacks before its first task. */
  packages: packageReferences,

  /** What one node costs in an hour, in your currency: for plans, and the estimate in the record. */
  pricePerNodeHour: nodePrice.optional(),
});

export type Pool = z.output<typeof poolSchema>;
export type Mount = Pool['mounts'][number];
