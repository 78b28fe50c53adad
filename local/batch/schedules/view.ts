import { specificationView } from '../jobs/view';
import type { Schedule } from '../state/account';
import {
  dateField,
  previousStateProperties,
  resourceFields,
  resourceProperties,
} from '../wire/fields';
import type { Listing } from '../wire/page';
import { optionalTime, resourceView, stateView } from '../wire/shared-views';

export const scheduleListing: Listing = {
  metadata: 'jobschedules',
  expands: true,
  filterable: [
    ...resourceFields,
    dateField('executionInfo/endTime'),
    dateField('schedule/doNotRunUntil'),
    dateField('schedule/doNotRunAfter'),
  ],
  selectable: [
    ...resourceProperties,
    ...previousStateProperties,
    'schedule',
    'jobSpecification',
    'executionInfo',
    'metadata',
  ],
};

export function scheduleUrl(base: string, scheduleId: string): string {
  return `${base}/jobschedules/${scheduleId}`;
}

export function scheduleView({ record }: Schedule, base: string): object {
  const { spec } = record;
  return {
    ...resourceView(spec, record, scheduleUrl(base, spec.id)),
    ...stateView(record),
    schedule: spec.schedule,
    jobSpecification: specificationView(
      spec.jobSpecification,
      spec.jobSpecification.poolInfo.poolId,
    ),
    executionInfo: {
      ...optionalTime('nextRunTime', record.nextRunAt),
      ...(record.recentJobId !== undefined && {
        recentJob: { id: record.recentJobId, url: `${base}/jobs/${record.recentJobId}` },
      }),
      ...optionalTime('endTime', record.endedAt),
    },
    ...(spec.metadata !== undefined && { metadata: spec.metadata }),
  };
}
