import type { Assumption } from './assumption';

/** Assumptions about the deployed app: its triggers, roles, quotas, nodes and alerts. */
export const appAssumptions: readonly Assumption[] = [
  {
    id: 'app-answers',
    statement: 'The deployed app answers with its workloads, and accepts the function key.',
    dependsOn: 'infra/app/functions.bicep',
  },
  {
    id: 'app-requires-key',
    statement: 'A call without a function key is refused.',
    dependsOn: 'src/functions.ts',
  },
  {
    id: 'http-run',
    statement:
      'A run that is started over HTTP succeeds with all results that its workload declares.',
    dependsOn: 'src/run/workflow.ts',
  },
  {
    id: 'idempotency-key',
    statement: 'A repeated call with the same idempotency key returns the run of the first call.',
    dependsOn: 'src/ledger/keys.ts',
  },
  {
    id: 'blob-run',
    statement:
      'Event Grid delivers the event of an uploaded blob, and exactly one run starts for it.',
    dependsOn: 'infra/app/events.bicep',
  },
  {
    id: 'schedule-run',
    statement: 'The timer starts a run within two minutes of its due time.',
    dependsOn: 'src/triggers/timer.ts',
  },
  {
    id: 'failing-program',
    statement:
      'A run whose program fails ends as failed with the code of its cause, and keeps the log of the program.',
    dependsOn: 'src/run/finish/ending.ts',
  },
  {
    id: 'cancel',
    statement: 'A cancelled run ends as cancelled, with its job and pool deleted.',
    dependsOn: 'src/api/runs.ts',
  },
  {
    id: 'nothing-left',
    statement: 'After its run, a job, a pool and a staging container no longer exist.',
    dependsOn: 'src/run/finish/clean-up.ts',
  },
  {
    id: 'node-set-up',
    statement: 'A fresh node installs Node.js with apt in its start task, as administrator.',
    dependsOn: 'src/workloads/shared/install-node.sh',
  },
  {
    id: 'node-start',
    statement: 'A Spot node runs its first task within 20 minutes of the request for its pool.',
    dependsOn: 'src/run/forecast/estimate.ts',
  },
  {
    id: 'secrets-readable',
    statement: 'The identity of the app reads the secrets that the workloads declare.',
    dependsOn: 'infra/app/grant.bicep',
  },
  {
    id: 'account-quotas',
    statement: 'The identity of the app reads the quotas of the Batch account.',
    dependsOn: 'infra/app/grant.bicep',
  },
  {
    id: 'package-address',
    statement:
      'The management plane gives the address of a package also where the account reads its storage with an identity.',
    dependsOn: 'src/azure/management.ts',
    byHand:
      'az batch application package show --query storageUrl, in the deployed account; then a run with a package.',
  },
  {
    id: 'batch-rights',
    statement:
      'The role of the app on the Batch account covers nodes and their files, tasks and their files, and the list of supported images.',
    dependsOn: 'src/azure/rights.ts',
  },
  {
    id: 'alert-fires',
    statement: 'The alert on failed runs fires after the run whose program fails.',
    dependsOn: 'infra/app/alerts.bicep',
  },
  {
    id: 'spot-nodes-metric',
    statement:
      'Batch reports zero Spot nodes while there is no pool, so the alert SpotNodesLeft is silent after a short run.',
    dependsOn: 'infra/app/alerts.bicep',
    byHand:
      'Open the metric LowPriorityNodeCount of the Batch account half an hour after a run: it must be 0, not empty.',
  },
  {
    id: 'sdk-binding',
    statement: 'The host passes the address of a blob that arrives, not its content (sdkBinding).',
    dependsOn: 'src/triggers/blob.ts',
    byHand: 'Upload a blob of several gigabytes to a watched container: its run must start.',
  },
  {
    id: 'quota-families',
    statement: 'The names of VM families are those that the Batch account lists its quotas by.',
    dependsOn: 'src/workload/vm-sizes.ts',
    byHand:
      'Compare `az batch account show --query dedicatedCoreQuotaPerVMFamily` with the sizes of your workloads.',
  },
  {
    id: 'blobfuse-options',
    statement: 'Every Batch image accepts the options of blobfuse2 that mounts are made with.',
    dependsOn: 'src/run/provision/provision.ts',
    byHand:
      'Run a workload with `pool.mounts` on your image, and list the mounted folder in a task.',
  },
  {
    id: 'reboot-of-bad-nodes',
    statement: 'Batch reboots a node that failed its start task or became unusable.',
    dependsOn: 'src/azure/batch/nodes.ts',
    byHand:
      'Run a workload whose set-up fails on one node, and read the states of the nodes in the portal.',
  },
  {
    id: 'scheduler-names',
    statement: 'A name of a Durable Task Scheduler may consist of letters, digits and hyphens.',
    dependsOn: 'test/infra/security.test.ts',
    byHand: 'Only for DURABLE_BACKEND=DurableTaskScheduler: `azd provision` must succeed.',
  },
];
