import type { Notice } from '../ledger/notices';

/** The event of a notice as CloudEvents 1.0 has it, in structured mode: https://cloudevents.io */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: Notice['data'] & { readonly link: string };
}

export const CLOUD_EVENTS = 'application/cloudevents+json; charset=utf-8';

/** The same for each attempt, since it is the body that is signed. `owner` is the mark of the app. */
export function cloudEventOf(notice: Notice, owner: string): CloudEvent {
  const { id, event, at, data } = notice;
  return {
    specversion: '1.0',
    id,
    source: `urn:nightshift:${encodeURIComponent(owner)}`,
    type: event === 'test' ? 'dev.nightshift.test' : `dev.nightshift.run.${event}`,
    subject: `${data.workload}/${data.runId}`,
    time: at,
    datacontenttype: 'application/json',
    data: { ...data, link: linkOf(notice) },
  };
}

/** The path of the run; who reads it knows the address of the app. */
export function linkOf({ data }: Pick<Notice, 'data'>): string {
  return `/api/runs/${data.runId}`;
}
