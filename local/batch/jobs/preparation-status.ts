import { nodeUrl } from '../nodes/view';
import { jobDirectory } from '../execution/directories';
import type { Account, Job } from '../state/account';
import type { PreparationRecord, ExecutionInfo } from '../state/records';
import type { Call, Reply } from '../wire/call';
import { dateField, idField, numberField, stateField } from '../wire/fields';
import { type Listing, pageOf } from '../wire/page';
import { Refusal } from '../wire/refusals';
import { executionInfoView } from '../wire/shared-views';
import { omit } from '../wire/omit';
import { jobOf } from './operations';
import { PREPARATION_ID, RELEASE_ID } from './preparation';

const runFields = (name: string) => [
  stateField(`${name}/state`),
  dateField(`${name}/startTime`),
  dateField(`${name}/endTime`),
  numberField(`${name}/exitCode`),
  stateField(`${name}/result`),
];

const statusListing: Listing = {
  metadata: 'jobpreparationandreleasetaskstatuslist',
  filterable: [
    { ...idField('poolId'), operators: ['eq', 'ne'] },
    { ...idField('nodeId'), operators: ['eq', 'ne'] },
    ...runFields('jobPreparationTaskExecutionInfo'),
    ...runFields('jobReleaseTaskExecutionInfo'),
  ],
  selectable: [
    'poolId',
    'nodeId',
    'nodeUrl',
    'jobPreparationTaskExecutionInfo',
    'jobReleaseTaskExecutionInfo',
  ],
};

/** GET /jobs/{jobId}/jobpreparationandreleasetaskstatus */
export function preparationStatus(account: Account, call: Call<undefined, 'jobId'>): Reply {
  const job = jobOf(account, call);
  if (job.record.spec.jobPreparationTask === undefined) {
    throw new Refusal('JobPreparationTaskNotSpecified');
  }
  return pageOf(call, statusListing, (after) =>
    [...job.preparations.values()]
      .map((record, index) => ({ seq: index + 1, view: () => statusView(job, record, call.base) }))
      .filter(({ seq }) => seq > after),
  );
}

function statusView(job: Job, record: PreparationRecord, base: string): object {
  const { poolId, nodeId, preparation, release } = record;
  const { jobPreparationTask, jobReleaseTask } = job.record.spec;
  const url = nodeUrl(base, poolId, nodeId);
  const info = (run: ExecutionInfo, taskId: string) => {
    const taskRootDirectory = `${jobDirectory(job)}/${taskId}`;
    return {
      ...executionInfoView(run),
      taskRootDirectory,
      taskRootDirectoryUrl: `${url}/files/${taskRootDirectory}`,
    };
  };
  return {
    poolId,
    nodeId,
    nodeUrl: url,
    jobPreparationTaskExecutionInfo: info(preparation, jobPreparationTask?.id ?? PREPARATION_ID),
    ...(release !== undefined && {
      // A release task is never retried, so it has no retry count.
      jobReleaseTaskExecutionInfo: omit(
        info(release, jobReleaseTask?.id ?? RELEASE_ID) as { retryCount?: number },
        ['retryCount'],
      ),
    }),
  };
}
