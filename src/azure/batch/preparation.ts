import { listAll, nullIfNotFound, REQUEST_TIMEOUT, type Service } from './calls';
import { readTail } from './files';
import { lower } from './views';

/** The job preparation task on each node. The service does not include it in task lists. */

const FAILED_FILTER = "jobPreparationTaskExecutionInfo/result eq 'failure'";
const RUNNING_FILTER = "jobPreparationTaskExecutionInfo/state eq 'running'";

/** Counts usable nodes on which the preparation failed. Removed and preempted nodes do not count. */
export async function countUnprepared(
  service: Service,
  jobId: string,
  poolId: string,
): Promise<number> {
  const failed = new Set((await failedPreparations(service, jobId)).map(({ nodeId }) => nodeId));
  if (failed.size === 0) return 0;
  const { client, call } = service;
  const options = { computeNodeListOptions: { select: 'id,state' }, ...REQUEST_TIMEOUT };
  const nodes = await listAll(
    () => call(() => client.computeNode.list(poolId, options)),
    (next) => call(() => client.computeNode.listNext(next, REQUEST_TIMEOUT)),
  );
  return nodes.filter(({ id, state }) => failed.has(id) && USABLE_STATES.has(lower(state))).length;
}

const USABLE_STATES: ReadonlySet<string> = new Set(['idle', 'running']);

/** Reads the end of a log, from a node on which the preparation failed, else from one on which it runs. */
export async function readPreparationFile(
  service: Service,
  jobId: string,
  file: string,
  maxBytes: number,
): Promise<string | null> {
  const [failed] = await failedPreparations(service, jobId);
  const [node] =
    failed === undefined ? await preparations(service, jobId, RUNNING_FILTER) : [failed];
  const folder = node?.jobPreparationTaskExecutionInfo?.taskRootDirectory;
  if (node?.poolId === undefined || node.nodeId === undefined || folder === undefined) return null;
  const { poolId, nodeId } = node;
  return readTail(service, { kind: 'node', poolId, nodeId, file: `${folder}/${file}` }, maxBytes);
}

/** Filters by `completed`, because a preparation that is being retried may show its last result. */
function failedPreparations(service: Service, jobId: string) {
  return preparations(
    service,
    jobId,
    `${FAILED_FILTER} and jobPreparationTaskExecutionInfo/state eq 'completed'`,
  );
}

async function preparations({ client, call }: Service, jobId: string, filter: string) {
  const jobListPreparationAndReleaseTaskStatusOptions = { filter };
  const listed = listAll(
    () =>
      call(() =>
        client.job.listPreparationAndReleaseTaskStatus(jobId, {
          jobListPreparationAndReleaseTaskStatusOptions,
          ...REQUEST_TIMEOUT,
        }),
      ),
    (next) => call(() => client.job.listPreparationAndReleaseTaskStatusNext(next, REQUEST_TIMEOUT)),
  );
  return (await nullIfNotFound(listed)) ?? [];
}
