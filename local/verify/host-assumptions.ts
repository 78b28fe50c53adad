import type { Assumption } from './assumption';

/** Assumptions about the Functions host, on which the local host depends. */
export const hostAssumptions: readonly Assumption[] = [
  {
    id: 'host-blob-input',
    statement: 'An input binding of a blob is passed as text.',
    dependsOn: 'local/functions/bindings.ts',
    byHand: 'Deploy a function with such a binding. The app has none.',
  },
];
