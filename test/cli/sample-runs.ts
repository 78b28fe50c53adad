import type { RunRecord, RunSummary, RunView } from '../../src/client/runs';

/** Runs as the API shows them, for tests of the command line. */

export const RUN_ID = 'render-20261130t020000-0123456789';

export const summary: RunSummary = {
  runId: RUN_ID,
  workload: 'render',
  status: 'succeeded',
  trigger: 'request',
  dueAt: null,
  blob: null,
  parameters: {},
  follows: [],
  attempt: 0,
  retryOf: null,
  backfill: null,
  createdAt: '2026-11-30T02:00:00.000Z',
  startedAt: '2026-11-30T02:00:01.000Z',
  endedAt: '2026-11-30T03:04:05.000Z',
  waitingFor: null,
  nodeMinutes: 12.5,
  cost: null,
  cause: null,
};

const record: RunRecord = {
  startedAt: summary.startedAt ?? '',
  endedAt: summary.endedAt ?? '',
  timeline: [],
  missingTasks: 0,
  preemptions: 1,
  results: [{ name: 'results/a.png', bytes: 3 }],
  outputsKeptUntil: '2026-12-30T03:04:05.000Z',
  warnings: [],
};

export const ended: RunView = {
  ...summary,
  phase: 'ended',
  tasks: { active: 0, running: 0, succeeded: 3, failed: 0 },
  nodes: null,
  timeline: [
    { phase: 'staging', at: '2026-11-30T02:00:01.000Z' },
    { phase: 'watching', at: '2026-11-30T02:01:00.000Z' },
    { phase: 'ended', at: '2026-11-30T03:04:05.000Z' },
  ],
  record,
};

export const running: RunView = {
  ...ended,
  status: 'running',
  endedAt: null,
  phase: 'watching',
  tasks: { active: 2, running: 1, succeeded: 1, failed: 0 },
  nodes: { running: 2, preempted: 1 },
  record: null,
};

/** A name that would set the title of a terminal, clear it and turn the direction of text. */
export const HOSTILE = '\u001b]0;owned\u0007\u001b[2J\u202e';
export const ESCAPED = String.raw`\u001b]0;owned\u0007\u001b[2J\u202e`;
