import type { Assumption } from './assumption';

/** Assumptions about the Batch service, on which the Batch stand-in, and with it every local result, depends. */
export const batchAssumptions: readonly Assumption[] = [
  {
    id: 'resource-file-characters',
    statement: 'The resource files of one task have at most 32,768 characters as JSON.',
    dependsOn: 'local/batch/tasks/create.ts',
    byHand:
      'Add a task with 101 resource files of 41,000 characters in all: it must be refused with `RequestEntityTooLarge`.',
  },
  {
    id: 'formula-spelling',
    statement: 'Names of functions and constants in a formula must be spelled exactly.',
    dependsOn: 'local/batch/autoscale/variables.ts',
  },
  {
    id: 'formula-quotes',
    statement: 'A formula with a string in single quotes is refused.',
    dependsOn: 'local/batch/autoscale/lexer.ts',
  },
  {
    id: 'formula-untaken-branch',
    statement: 'An unknown name in a branch that is not taken is refused.',
    dependsOn: 'local/batch/autoscale/compile.ts',
  },
  {
    id: 'formula-sunday',
    statement: 'The member weekday of a Sunday is 0.',
    dependsOn: 'local/batch/autoscale/compile.ts',
  },
  {
    id: 'formula-negative',
    statement: 'The evaluation of a negative number of nodes fails.',
    dependsOn: 'local/batch/autoscale/evaluate.ts',
  },
  {
    id: 'formula-double-vector',
    statement: 'A number on the left of a vector is refused.',
    dependsOn: 'local/batch/autoscale/values.ts',
    byHand:
      'Evaluate `$x=2*$PendingTasks.GetSample(1)` on a pool of some minutes: it must be refused.',
  },
  {
    id: 'formula-exponent',
    statement: 'A result of more than six digits is written with an exponent, as C does with %g.',
    dependsOn: 'local/batch/autoscale/values.ts',
  },
  {
    id: 'formula-interval',
    statement: 'An interval in the results of a formula is written as an ISO 8601 duration.',
    dependsOn: 'local/batch/autoscale/values.ts',
  },
  {
    id: 'formula-average-of-none',
    statement: 'The evaluation of the average of no elements fails.',
    dependsOn: 'local/batch/autoscale/functions.ts',
    byHand:
      'Evaluate `$x=avg($PendingTasks.GetSample(TimeInterval_Second,0))` on a pool that was just made: it must fail.',
  },
  {
    id: 'formula-percentile',
    statement: 'A percentile between two elements is interpolated linearly.',
    dependsOn: 'local/batch/autoscale/functions.ts',
    byHand:
      'Evaluate `$s=$PendingTasks.GetSample(10);$x=percentile($s,30)` on a pool whose number of tasks changes.',
  },
  {
    id: 'formula-stop',
    statement: 'Assignments that precede a call of stop() stay in force.',
    dependsOn: 'local/batch/autoscale/functions.ts',
  },
  {
    id: 'formula-series-as-number',
    statement: 'A series of samples that is used as a number is refused.',
    dependsOn: 'local/batch/autoscale/variables.ts',
  },
  {
    id: 'formula-old-name',
    statement: '$CurrentDedicated is still known.',
    dependsOn: 'local/batch/autoscale/variables.ts',
  },
  {
    id: 'formula-error-message',
    statement:
      'The message of a failed evaluation starts with the sentence that the stand-in returns.',
    dependsOn: 'local/batch/autoscale/evaluate.ts',
  },
  {
    id: 'formula-length-code',
    statement:
      'A formula with too many statements is refused with the code of one that is too long.',
    dependsOn: 'local/batch/autoscale/formula.ts',
  },
  {
    id: 'formula-samples',
    statement: 'Samples are kept long enough for every documented window, and come oldest first.',
    dependsOn: 'local/batch/autoscale/series.ts',
    byHand: 'Evaluate `$s=$PendingTasks.GetSample(10)` on a pool whose number of tasks changes.',
  },
  {
    id: 'formula-sample-history',
    statement: 'The service keeps samples for as long as the stand-in.',
    dependsOn: 'local/batch/autoscale/samples.ts',
    byHand: 'Evaluate `$n=$PendingTasks.Count()` on a pool of several hours of age.',
  },
  {
    id: 'formula-sample-percentage',
    statement: 'A request for samples without a percentage requires 70 % of them.',
    dependsOn: 'local/batch/autoscale/inputs.ts',
    byHand: 'Evaluate `$x=avg($PendingTasks.GetSample(TimeInterval_Minute*5))` on a new pool.',
  },
  {
    id: 'enable-active-job',
    statement: 'Enabling a job that is active is refused with OperationInvalidForCurrentState.',
    dependsOn: 'local/batch/jobs/operations.ts',
  },
  {
    id: 'task-of-disabled-job',
    statement: 'A disabled job accepts tasks.',
    dependsOn: 'local/batch/tasks/operations.ts',
  },
  {
    id: 'filter-missing-value',
    statement: 'A filter with `ne` selects a task that has no value for the property.',
    dependsOn: 'local/batch/query.ts',
  },
  {
    id: 'schedule-job-name',
    statement: 'The first job of a job schedule is named <schedule>:job-1.',
    dependsOn: 'local/batch/schedules/lifecycle.ts',
  },
  {
    id: 'command-line-quoting',
    statement: 'The node agent splits a command line by the quoting rules of POSIX.',
    dependsOn: 'local/batch/command-line.ts',
    byHand: `Run a task with the command printf '%s|' 'a b' "c d" e\\ f: it must print a b|c d|e f|.`,
  },
  {
    id: 'output-pattern-variable',
    statement: 'A variable that is not set stays as written in the pattern of an output file.',
    dependsOn: 'local/batch/file-pattern.ts',
    byHand: 'Run a task whose output pattern is $NOT_SET/*: it must upload nothing.',
  },
  {
    id: 'output-folders',
    statement:
      'Below the path of an output, blobs keep the folders that the wildcards of its pattern matched, and only those.',
    dependsOn: 'local/batch/execution/output-files.ts',
    byHand: 'Run a task whose output pattern is out/*/*.txt, and list what it uploaded.',
  },
  {
    id: 'resize-of-formula-pool',
    statement:
      'A resize of a pool that scales by a formula is refused with OperationInvalidForCurrentState.',
    dependsOn: 'local/batch/pools/scaling-operations.ts',
  },
  {
    id: 'wall-clock-code',
    statement: 'A task that exceeds its wall-clock time fails with the code TaskEnded.',
    dependsOn: 'local/batch/tasks/lifecycle.ts',
    byHand: 'Run a workload whose task sleeps longer than `maxMinutes`.',
  },
  {
    id: 'eviction-requeue',
    statement: 'The eviction of a node counts as a requeue of its tasks, never as a retry.',
    dependsOn: 'local/batch/tasks/lifecycle.ts',
    byHand: 'Read requeueCount and retryCount of a task after an eviction.',
  },
  {
    id: 'node-name',
    statement: 'The name of a Spot node ends with _p.',
    dependsOn: 'local/batch/nodes/names.ts',
    byHand: 'Read AZ_BATCH_NODE_ID in the log of a task.',
  },
  {
    id: 'mount-failure-code',
    statement: 'A node with a failed mount reports MountConfigurationFailed.',
    dependsOn: 'local/batch/nodes/mounts.ts',
    byHand: 'Make a pool that mounts a container that does not exist.',
  },
  {
    id: 'file-range',
    statement: 'A range that starts at or after the end of a file is refused.',
    dependsOn: 'local/batch/files/tree.ts',
    byHand: 'Read a file of a task with the header ocp-range: bytes=1000000-.',
  },
  {
    id: 'node-counts-page',
    statement: 'A page of node counts has ten pools.',
    dependsOn: 'local/batch/account-info/node-counts.ts',
    byHand: 'List node counts of an account with eleven pools.',
  },
  {
    id: 'throttling-code',
    statement: 'A throttled request is refused with 429 and the code TooManyRequests.',
    dependsOn: 'local/batch/wire/refusals.ts',
    byHand: 'The log of the app shows the code when an account is throttled.',
  },
  {
    id: 'application-not-found',
    statement:
      'The management plane answers ApplicationNotFound for an application that does not exist.',
    dependsOn: 'local/batch/management.ts',
    byHand: 'az batch application show with the name of no application',
  },
  {
    id: 'pool-creation-refusals',
    statement:
      'A pool with a VM size, an image or a node agent that the account does not list is refused with InvalidPropertyValue.',
    dependsOn: 'local/batch/pools/operations.ts',
    byHand: 'az batch pool create with --vm-size standard_d3s_v5, and with an image of no SKU',
  },
  {
    id: 'task-packages-without-identity',
    statement:
      'Where the account reads its storage with an identity, a task with application packages fails with ApplicationPackageError on a node without one.',
    dependsOn: 'local/batch/execution/packages.ts',
    byHand:
      'Add a task with a package to an existing pool of the deployed account, which refuses such workloads otherwise.',
  },
  {
    id: 'missing-role-answer',
    statement: 'Batch refuses a call without a role with 403 and PermissionDenied.',
    dependsOn: 'local/roles/gate.ts',
    byHand: 'Call Batch with an identity that has no role.',
  },
  {
    id: 'batch-right-groups',
    statement:
      'Nodes count as pools, and the list of supported images as the account, in the roles of Batch.',
    dependsOn: 'local/roles/requests.ts',
    byHand: 'The check batch-rights confirms it for the role of the app.',
  },
  {
    id: 'batch-right-names',
    statement:
      'The rights of nodes, files and supported images are those that the test of the roles names.',
    dependsOn: 'test/infra/rights/operations.ts',
    byHand: 'The check batch-rights confirms it for the role of the app.',
  },
];
