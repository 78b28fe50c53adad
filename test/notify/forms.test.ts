import { expect, test } from 'vitest';
import type { Notice } from '../../src/ledger/notices';
import { messageOf } from '../../src/notify/forms';
import { OWNER } from '../run/given';

const notice: Notice = {
  id: 'failed-hello-1',
  to: 'team',
  form: 'slack',
  event: 'failed',
  at: '2026-11-30T02:31:00.000Z',
  data: {
    workload: 'hello',
    runId: 'hello-1',
    outcome: 'failed',
    code: 'taskFailed',
    cause: 'a < b && <!channel> [click](https://example.com)',
    due: '2026-11-30T02:00:00.000Z',
    startedAt: '2026-11-30T02:00:04.000Z',
    endedAt: '2026-11-30T02:31:00.000Z',
    nodeMinutes: 57.6,
    cost: 0.1234,
  },
};

function bodyOf(form: Notice['form'], changed: Partial<Notice> = {}): unknown {
  return JSON.parse(messageOf({ ...notice, form, ...changed }, OWNER).body);
}

test('a Slack message escapes what Slack would read as a mention or a link', () => {
  const cause = 'a &lt; b &amp;&amp; &lt;!channel&gt; [click](https://example.com)';
  expect(bodyOf('slack')).toEqual({
    text: `hello failed: ${cause}`,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: '*hello failed*' } },
      { type: 'section', text: { type: 'mrkdwn', text: cause } },
      {
        type: 'context',
        elements: [
          {
            type: 'mrkdwn',
            text: [
              '*Run:* hello-1',
              '*Code:* taskFailed',
              '*Due:* 2026-11-30T02:00:00.000Z',
              '*Started:* 2026-11-30T02:00:04.000Z',
              '*Ended:* 2026-11-30T02:31:00.000Z',
              '*Node-minutes:* 58',
              '*Cost:* 0.12',
              '*Details:* /api/runs/hello-1',
            ].join('\n'),
          },
        ],
      },
    ],
  });
});

test('a Teams message is an adaptive card whose text is not read as Markdown', () => {
  const line = (text: string, style = {}) => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, ...style }],
  });
  const data = { ...notice.data, due: null, cost: null, recovers: 'hello-0' };
  expect(bodyOf('teams', { event: 'recovered', data })).toEqual({
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
            line('hello succeeded again', { size: 'Large', weight: 'Bolder' }),
            line('a < b && <!channel> [click](https://example.com)'),
            line('Run: hello-1'),
            line('Code: taskFailed'),
            line('Started: 2026-11-30T02:00:04.000Z'),
            line('Ended: 2026-11-30T02:31:00.000Z'),
            line('Node-minutes: 58'),
            line('Recovers from: hello-0'),
            line('Details: /api/runs/hello-1'),
          ],
        },
      },
    ],
  });
});

test('a message without a cause has no empty block', () => {
  const data = { ...notice.data, cause: null };
  expect(bodyOf('slack', { event: 'succeeded', data })).toMatchObject({
    text: 'hello succeeded',
    blocks: [{ type: 'section' }, { type: 'context' }],
  });
});
