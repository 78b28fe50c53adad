import { batchCommand } from './command';
import { runBatch } from './program';

/** `npm run batch`: the Batch stand-in on its own, from the build of this repository. */
runBatch(batchCommand);
