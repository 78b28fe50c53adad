import { addBackfill } from './backfill';
import { addBackfills } from './backfills';
import { addCancel } from './cancel';
import { addCompletion } from './completion';
import { addCosts } from './costs';
import { addDrop } from './drop';
import { addFetch } from './fetch';
import { addLogs } from './logs';
import { addOpen } from './open';
import { addPack } from './pack';
import { addPause, addResume } from './pause';
import { addPlan } from './plan';
import type { AddCommand } from './program';
import { addRehearse } from './rehearse';
import { addRetry } from './retry';
import { addRuns } from './runs';
import { addShow } from './show';
import { addStartRun } from './start-run';
import { addWatch } from './watch';

/** All commands of `nightshift`, in the order of its help. READ THIS FIRST. */
export const commands: readonly AddCommand[] = [
  addStartRun,
  addRuns,
  addShow,
  addWatch,
  addLogs,
  addRetry,
  addCancel,
  addFetch,
  addPlan,
  addCosts,
  addBackfill,
  addBackfills,
  addPause,
  addResume,
  addDrop,
  addPack,
  addOpen,
  addRehearse,
  addCompletion,
];
