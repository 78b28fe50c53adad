import { listAll, nullIfNotFound, REQUEST_TIMEOUT_SECONDS, type Service } from './calls';
import { readTail } from './files';
import { lower } from './views';

/** The preparation of a job on its nodes, which no list of tasks shows. */

const FAILED = "jobPreparationTaskExecutionInfo/result eq 'failure'";

/** Nodes that have left since, and those that were taken away, stand in the way of nothing. */
export async function countUnprepared(
  service: Service,
  jobId: string,
  poolId: string,
): Promise<number> {
  const failed = new Set((await failures(service, jobId)).map(({ nodeId }) => nodeId));
  if (failed.size === 0) return 0;
  const { client, call } = service;
  const options = { computeNodeListOptions: { select: 'id,state' }, ...REQUEST_TIMEOUT_SECONDS };
  const nodes = await listAll(
    () => call(() => client.computeNode.list(poolId, options)),
    (next) => call(() => client.computeNode.listNext(next, REQUEST_TIMEOUT_SECONDS)),
  );
  return nodes.filter(({ id, state }) => failed.has(id) && ABLE.has(lower(state))).length;
}

const ABLE: ReadonlySet<string> = new Set(['idle', 'running']);

export async function readPreparationError(
  service: Service,
  jobId: string,
  maxBytes: number,
): Promise<string | null> {
  const [failed] = await failures(service, jobId);
  const folder = failed?.jobPreparationTaskExecutionInfo?.taskRootDirectory;
  if (failed?.poolId === undefined || failed.nodeId === undefined || folder === undefined) {
    return null;
  }
  const { poolId, nodeId } = failed;
  const file = `${folder}/stderr.txt`;
  return readTail(service, { kind: 'node', poolId, nodeId, file }, maxBytes);
}

/** A preparation that is still tried again has no result yet, or its last one: it must be completed. */
async function failures({ client, call }: Service, jobId: string) {
  const jobListPreparationAndReleaseTaskStatusOptions = {
    filter: `${FAILED} and jobPreparationTaskExecutionInfo/state eq 'completed'`,
  };
  const listed = listAll(
    () =>
      call(() =>
        client.job.listPreparationAndReleaseTaskStatus(jobId, {
          jobListPreparationAndReleaseTaskStatusOptions,
          ...REQUEST_TIMEOUT_SECONDS,
        }),
      ),
    (next) =>
      call(() => client.job.listPreparationAndReleaseTaskStatusNext(next, REQUEST_TIMEOUT_SECONDS)),
  );
  return (await nullIfNotFound(listed)) ?? [];
}
