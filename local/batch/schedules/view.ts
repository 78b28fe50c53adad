import { specificationView } from '../jobs/view';
import type { Schedule } from '../state/account';
import { dateField, idField, stateField } from '../wire/fields';
import type { Listing } from '../wire/page';
import { statedView, timed } from '../wire/stated';
import { wireTime } from '../wire/time';

export const scheduleListing: Listing = {
  metadata: 'jobschedules',
  expands: true,
  fields: [
    idField(),
    stateField('state'),
    dateField('stateTransitionTime'),
    dateField('creationTime'),
    dateField('lastModified'),
    dateField('executionInfo/endTime'),
    dateField('schedule/doNotRunUntil'),
    dateField('schedule/doNotRunAfter'),
  ],
  names: [
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
    ...statedView(record),
    schedule: spec.schedule,
    jobSpecification: specificationView(
      spec.jobSpecification,
      spec.jobSpecification.poolInfo.poolId,
    ),
    executionInfo: {
      ...timed('nextRunTime', record.nextRunAt),
      ...(record.recentJobId !== undefined && {
        recentJob: { id: record.recentJobId, url: `${base}/jobs/${record.recentJobId}` },
      }),
      ...timed('endTime', record.endedAt),
    },
    ...(spec.metadata !== undefined && { metadata: spec.metadata }),
  };
}
