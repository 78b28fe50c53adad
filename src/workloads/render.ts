import { z } from 'zod';
import { defineWorkload } from '../workload/workload';

/**
 * Renders a mesh that is dropped into `inbox` as a picture, in tiles on several nodes.
 *
 * It is the kind of work that can be divided: the job manager writes a task manifest, the app adds
 * the tasks, and a merge that depends on all of them makes the result. Copy this file and its
 * folder, and add your workload to `main.ts`.
 */
export const render = defineWorkload({
  name: 'render',
  description: 'A picture of the mesh (PLY or OBJ) that is dropped into the container inbox',

  triggers: { blob: { container: 'inbox', endsWith: ['.ply', '.obj'] } },
  // Every mesh has its own run; two that are dropped at once are rendered concurrently.
  overlap: 'allow',
  deadlineMinutes: 240,

  inputs: {
    container: 'inbox',
    endsWith: ['.ply', '.obj'],
    maxFiles: 1,
    maxBytesEach: 256 * 1024 ** 2,
  },
  parameters: z.strictObject({
    width: z.int().min(64).max(4096).default(960),
    height: z.int().min(64).max(4096).default(720),
    /** Edge of a tile in pixels: smaller tiles make more tasks. Default: 240. */
    tile: z.int().min(32).max(1024).default(240),
    /** Rays through each pixel. Default: 8. */
    samples: z.int().min(1).max(256).default(8),
  }),

  pool: {
    maxNodes: 3,
    slotsPerNode: 2,
    // Ubuntu has no Node.js: the start task installs it, as administrator.
    setup: { command: '/bin/bash install-node.sh', programs: ['install-node.sh'] },
  },

  work: {
    kind: 'split',
    jobManager: {
      command: 'node split.mjs',
      programs: ['split.mjs'],
      outputs: [{ files: 'outputs/scene.bin', to: 'scene' }],
      retries: 1,
    },
    task: {
      command: 'node tile.mjs',
      programs: ['tile.mjs'],
      reads: ['scene'],
      outputs: [{ files: 'outputs/*.tile', to: 'tiles' }],
    },
    merge: {
      command: 'node merge.mjs',
      programs: ['merge.mjs'],
      reads: ['tiles'],
      outputs: [{ files: 'outputs/picture.png', to: 'results' }],
    },
    maxTasks: 20_000,
  },

  results: ['picture.png'],
  keepOutputsDays: 30,
});
