import { appAssumptions } from './app-assumptions';
import type { Assumption } from './assumption';
import { batchAssumptions } from './batch-assumptions';
import { hostAssumptions } from './host-assumptions';

/** Every unconfirmed assumption of this repository. A test compares the list with the marks in the code. */
export const assumptions: readonly Assumption[] = [
  ...appAssumptions,
  ...batchAssumptions,
  ...hostAssumptions,
];
