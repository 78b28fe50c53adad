import { packagedCommand } from './command';
import { runBatch } from './program';

/** `nightshift-batch`: the program of the package, which `scripts/pack-batch.mjs` bundles. */
runBatch(packagedCommand);
