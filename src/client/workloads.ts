import type { Send } from './api';
import type { Pause } from './pauses';

export interface Schedule {
  readonly cron: string;
  readonly timeZone: string;
  /** Null for a schedule that is never due again. */
  readonly nextDueAt: string | null;
  /** The same in the zone of the schedule, with its offset. */
  readonly nextDueLocal: string | null;
}

export interface WorkloadView {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the parameters that a caller may set. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly schedules: readonly Schedule[];
  /** The watched container; null without a blob trigger. */
  readonly blobContainer: string | null;
  readonly pause: Pause | null;
}

export async function listWorkloads(send: Send): Promise<readonly WorkloadView[]> {
  const { workloads } = (await send('GET', '/api/workloads')) as {
    workloads: readonly WorkloadView[];
  };
  return workloads;
}
