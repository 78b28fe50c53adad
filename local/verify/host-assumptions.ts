import type { Assumption } from './assumption';

/** Assumptions about the Functions host, on which the local host depends. */
export const hostAssumptions: readonly Assumption[] = [
  {
    id: 'host-versions',
    statement: 'Without a default version, an orchestration of every version runs.',
    dependsOn: 'local/functions/durable/versions.ts',
    byHand: 'Start an instance with a version, and remove defaultVersion from host.json.',
  },
  {
    id: 'host-rewind-retries',
    statement:
      'Rewinding an instance whose failed call had a retry policy ends as non-deterministic.',
    dependsOn: 'local/functions/durable/rewind.ts',
    byHand: 'Rewind such an instance. The app does not rewind.',
  },
  {
    id: 'host-failure-details',
    statement: 'Properties of an exception reach the orchestrator as FailureDetails.',
    dependsOn: 'local/functions/durable/activities.ts',
    byHand: 'Deploy an app with an exception properties provider. The app has none.',
  },
  {
    id: 'host-blob-input',
    statement: 'An input binding of a blob is passed as text.',
    dependsOn: 'local/functions/bindings.ts',
    byHand: 'Deploy a function with such a binding. The app has none.',
  },
  {
    id: 'host-queue-encoding',
    statement: 'A queue message that is not base64 is moved to the poison queue at once.',
    dependsOn: 'local/functions/triggers/queue-listener.ts',
    byHand: 'Put such a message into a queue with a trigger. The app has no queue trigger.',
  },
];
