import { specificationView } from '../jobs/view';
import type { Schedule } from '../state/account';
import { dateField, idField, stateField } from '../wire/fields';
import type { Listing } from '../wire/page';
import { stateView, optionalTime } from '../wire/shared-views';
import { wireTime } from '../wire/time';

export const scheduleListing: Listing = {
  metadata: 'jobschedules',
  expands: true,
  filterable: [
    idField(),
    stateField('state'),
    dateField('stateTransitionTime'),
    dateField('creationTime'),
    dateField('lastModified'),
    dateField('executionInfo/endTime'),
    dateField('schedule/doNotRunUntil'),
    dateField('schedule/doNotRunAfter'),
  ],
  selectable: [
    'id',
    'displayName',
    'url',
    'eTag',
    'lastModified',
    'creationTime',
    'state',
    'stateTransitionTime',
    'previousState',
    'previousStateTransitionTime',
    'schedule',
    'jobSpecification',
    'executionInfo',
    'metadata',
    'stats',
  ],
};

export function scheduleUrl(base: string, scheduleId: string): string {
  return `${base}/jobschedules/${scheduleId}`;
}

export function scheduleView({ record }: Schedule, base: string): object {
  const { spec } = record;
  return {
    id: spec.id,
    ...(spec.displayName !== undefined && { displayName: spec.displayName }),
    url: scheduleUrl(base, spec.id),
    eTag: record.eTag,
    lastModified: wireTime(record.modifiedAt),
    creationTime: wireTime(record.createdAt),
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
