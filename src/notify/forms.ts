import type { Notice } from '../ledger/notices';
import type { NoticeForm } from '../workload/notify-schema';
import { CLOUD_EVENTS, cloudEventOf, linkOf } from './event';

/** The bodies of notices, in the form of each kind of receiver. */

export interface Message {
  readonly contentType: string;
  readonly body: string;
  /** True for a form whose receivers verify a signature. Slack and Teams know a sender by the URL. */
  readonly isSigned: boolean;
}

const JSON_TYPE = 'application/json; charset=utf-8';

const forms: Record<NoticeForm, (notice: Notice, owner: string) => Message> = {
  cloudevents: (notice, owner) => ({
    contentType: CLOUD_EVENTS,
    body: JSON.stringify(cloudEventOf(notice, owner)),
    isSigned: true,
  }),
  slack: (notice) => ({
    contentType: JSON_TYPE,
    body: JSON.stringify(slackMessageOf(notice)),
    isSigned: false,
  }),
  teams: (notice) => ({
    contentType: JSON_TYPE,
    body: JSON.stringify(teamsMessageOf(notice)),
    isSigned: false,
  }),
};

export function messageOf(notice: Notice, owner: string): Message {
  return forms[notice.form](notice, owner);
}

const sentences: Record<Notice['event'], (data: Notice['data']) => string> = {
  succeeded: ({ workload }) => `${workload} succeeded`,
  failed: ({ workload }) => `${workload} failed`,
  timedOut: ({ workload }) => `${workload} timed out`,
  cancelled: ({ workload }) => `${workload} was cancelled`,
  skipped: ({ workload }) => `${workload} was skipped`,
  missed: ({ workload }) => `${workload} was missed`,
  recovered: ({ workload }) => `${workload} succeeded again`,
  late: ({ workload }) => `${workload} is late`,
  waitingForCapacity: ({ workload }) => `${workload} waits for nodes`,
  budgetReached: ({ workload, outcome }) =>
    outcome === null
      ? `${workload} waits for the budget of the month`
      : `${workload} has reached its budget of the month, and a run was refused`,
  test: () => 'A test of this target by Nightshift',
};

export function titleOf({ event, data }: Notice): string {
  return sentences[event](data);
}

/** The lines below the title: names with values, and only those that have one. */
export function factsOf({ data }: Notice): readonly (readonly [string, string])[] {
  const { runId, code, due, startedAt, endedAt, nodeMinutes, cost, recovers } = data;
  const facts: readonly (readonly [string, string | null])[] = [
    ['Run', runId],
    ['Code', code],
    ['Due', due],
    ['Started', startedAt],
    ['Ended', endedAt],
    ['Node-minutes', endedAt === null ? null : String(Math.round(nodeMinutes))],
    ['Cost', cost === null ? null : cost.toFixed(2)],
    ['Recovers from', recovers ?? null],
    ['Details', linkOf({ data })],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}

/** Slack's three: https://docs.slack.dev/messaging/formatting-message-text#escaping */
export function escapeForSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function slackMessageOf(notice: Notice) {
  const { cause } = notice.data;
  const title = escapeForSlack(titleOf(notice));
  const reason = cause === null ? '' : escapeForSlack(cause);
  const facts = factsOf(notice).map(([name, value]) => `*${name}:* ${escapeForSlack(value)}`);
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
  return {
    // What notifications on a screen show in place of the blocks.
    text: reason === '' ? title : `${title}: ${reason}`,
    blocks: [
      section(`*${title}*`),
      ...(reason === '' ? [] : [section(reason)]),
      { type: 'context', elements: [{ type: 'mrkdwn', text: facts.join('\n') }] },
    ],
  };
}

/** Text runs, unlike text blocks, show their text as it is: no Markdown is read from it. */
function plainText(text: string, style: Readonly<Record<string, string>> = {}) {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...style }] };
}

function teamsMessageOf(notice: Notice) {
  const { cause } = notice.data;
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            plainText(titleOf(notice), { size: 'Large', weight: 'Bolder' }),
            ...(cause === null ? [] : [plainText(cause)]),
            ...factsOf(notice).map(([name, value]) => plainText(`${name}: ${value}`)),
          ],
        },
      },
    ],
  };
}
