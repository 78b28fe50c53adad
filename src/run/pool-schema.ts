import { z } from 'zod';
import { MINUTES_PER_DAY, programName } from './fields';

export const poolSchema = z.strictObject({
  /** Where none is named, the app setting POOL_VM_SIZE says. */
  vmSize: z
    .string()
    .regex(/^standard_[a-z0-9_]+$/i, 'must be an Azure VM size such as "standard_d2s_v5"')
    .optional(),
  image: z
    .strictObject({
      publisher: z.string(),
      offer: z.string(),
      sku: z.string(),
      version: z.string().default('latest'),
      nodeAgent: z.string(),
    })
    .default({
      publisher: 'canonical',
      offer: 'ubuntu-24_04-lts',
      sku: 'server',
      version: 'latest',
      nodeAgent: 'batch.node.ubuntu 24.04',
    }),
  /** Images fetched when a node starts; with any, every task of the workload must be a container. */
  containerImages: z.array(z.string().min(1)).default([]),
  maxNodes: z.int().min(1).max(1000).default(1),
  slotsPerNode: z.int().min(1).max(256).default(1),
  /** Runs on every node before its first task. It installs what the programs need. */
  setup: z
    .strictObject({
      command: z.string().min(1),
      programs: z.array(programName).default([]),
      elevated: z.boolean().default(true),
      retries: z.int().min(0).max(10).default(2),
    })
    .optional(),
  /** Give up when no node has come within this time. */
  maxWaitMinutes: z.int().min(5).max(MINUTES_PER_DAY).default(60),
  /** What one node costs in an hour, in your currency: for the estimate in the run's record. */
  pricePerNodeHour: z.number().positive().optional(),
});

export type Pool = z.output<typeof poolSchema>;
