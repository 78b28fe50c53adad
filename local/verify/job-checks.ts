import type { BatchServiceClient } from '@azure/batch';
import { findingOf, notChecked, type Finding } from './assumption';
import { codeOf, refusalOf } from './refusal';

interface JobCheck {
  readonly assumption: string;
  readonly check: (batch: BatchServiceClient, place: Place) => Promise<Finding>;
}

interface Place {
  /** A pool without nodes. */
  readonly poolId: string;
  readonly jobId: string;
}

/** Calls on jobs whose answers the documentation does not state. No task of them runs. */
const jobChecks: readonly JobCheck[] = [
  {
    assumption: 'enable-active-job',
    check: async (batch, { jobId }) => {
      const code = await batch.job.enable(jobId).then(() => '', codeOf);
      const observed = code === '' ? 'the call succeeded' : `the call was refused with ${code}`;
      return findingOf('enable-active-job', code === 'OperationInvalidForCurrentState', observed);
    },
  },
  {
    assumption: 'resize-of-formula-pool',
    check: async (batch, { poolId }) => {
      const target = { targetDedicatedNodes: 0, targetLowPriorityNodes: 0 };
      const code = await batch.pool.resize(poolId, target).then(() => '', codeOf);
      const observed = code === '' ? 'the call succeeded' : `the call was refused with ${code}`;
      return findingOf(
        'resize-of-formula-pool',
        code === 'OperationInvalidForCurrentState',
        observed,
      );
    },
  },
  {
    assumption: 'filter-missing-value',
    check: async (batch, { jobId }) => {
      await batch.task.add(jobId, { id: 'waits', commandLine: '/bin/true' });
      const tasks = await batch.task.list(jobId, {
        taskListOptions: { filter: 'executionInfo/exitCode ne 5' },
      });
      const observed = `of one task without an exit code, ${tasks.length} were listed`;
      return findingOf('filter-missing-value', tasks.length === 1, observed);
    },
  },
  {
    assumption: 'task-of-disabled-job',
    check: async (batch, { jobId }) => {
      await batch.job.disable(jobId, 'requeue');
      const task = { id: 'of-disabled-job', commandLine: '/bin/true' };
      const code = await batch.task.add(jobId, task).then(() => '', codeOf);
      const observed = code === '' ? 'the task was accepted' : `the task was refused with ${code}`;
      return findingOf('task-of-disabled-job', code === '', observed);
    },
  },
  {
    assumption: 'schedule-job-name',
    check: async (batch, { poolId, jobId }) => {
      const id = `${jobId}-schedule`;
      const jobSpecification = { poolInfo: { poolId } };
      await batch.jobSchedule.add({ id, schedule: {}, jobSpecification });
      try {
        const { executionInfo } = await batch.jobSchedule.get(id);
        const name = executionInfo?.recentJob?.id ?? 'none';
        return findingOf('schedule-job-name', name === `${id}:job-1`, `its first job is ${name}`);
      } finally {
        await batch.jobSchedule.deleteMethod(id);
      }
    },
  },
];

/** Makes a job on a pool without nodes, makes every call of the table, and deletes the job. */
export async function checkJobs(
  batch: BatchServiceClient,
  poolId: string,
): Promise<readonly Finding[]> {
  const place: Place = { poolId, jobId: poolId };
  await batch.job.add({ id: place.jobId, poolInfo: { poolId } });
  try {
    const findings: Finding[] = [];
    for (const { assumption, check } of jobChecks) {
      findings.push(
        await check(batch, place).catch((error: unknown) =>
          notChecked(assumption, `a call failed: ${refusalOf(error)}`),
        ),
      );
    }
    return findings;
  } finally {
    await batch.job.deleteMethod(place.jobId);
  }
}
