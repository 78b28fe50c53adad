import type { z } from 'zod';
import {
  backfillPlanSchema,
  backfillsSchema,
  backfillStartedSchema,
  backfillViewSchema,
  newBackfillSchema,
} from './schemas/backfill';
import { costsQuerySchema, costsSchema } from './schemas/costs';
import { logPartSchema, logQuerySchema, nodesSchema } from './schemas/log';
import { newTestSchema, testedSchema } from './schemas/notice';
import {
  latestSchema,
  latestQuerySchema,
  outputLinkSchema,
  outputsQuerySchema,
  outputsSchema,
} from './schemas/output';
import { overviewSchema, workloadDetailSchema } from './schemas/overview';
import { planSchema } from './schemas/plan';
import { documentSchema } from './schemas/problem';
import {
  allStoppedSchema,
  cancelledSchema,
  newRetrySchema,
  newRunSchema,
  retriedSchema,
  runsPageSchema,
  runsQuerySchema,
  runViewSchema,
  startedSchema,
  stopQuerySchema,
} from './schemas/run';
import { tasksPageSchema, tasksQuerySchema } from './schemas/task';
import { newPauseSchema, pausedSchema, resumeSchema, workloadsSchema } from './schemas/workload';

/** One function of the API, with the schemas of its request and of its answers. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The route, as the Functions host takes it. */
  readonly route: string;
  /** One sentence, without its period. */
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  readonly headers?: Readonly<Record<string, string>>;
  /** True for an answer with an `ETag`: the same version is answered with 304. */
  readonly hasEtag?: boolean;
  /** The schema of each answer by its status; null for an answer without a body. */
  readonly answers: Readonly<Record<number, z.ZodType | 'bytes' | null>>;
  /** Statuses of problem documents, other than those of every operation. */
  readonly problems: readonly number[];
}

/** The statuses of problem documents of every operation: Azure refuses a request of the app, or does not answer. */
export const COMMON_PROBLEMS = [500, 503] as const;

/** The operations of the API, by the names of their functions. */
export const operations = {
  'runs-start': {
    method: 'POST',
    route: 'runs/{workload}',
    summary: 'Start a run',
    body: newRunSchema,
    headers: {
      'Idempotency-Key': 'A repeated request with the same key finds the run of the first one.',
    },
    answers: { 202: startedSchema },
    problems: [400, 404, 409, 413, 422, 429],
  },
  'runs-list': {
    method: 'GET',
    route: 'runs',
    summary: 'List occurrences, the newest first, a page at a time',
    hasEtag: true,
    query: runsQuerySchema,
    answers: { 200: runsPageSchema },
    problems: [400, 404],
  },
  'runs-show': {
    method: 'GET',
    route: 'runs/{id}',
    summary: 'Show a run',
    hasEtag: true,
    answers: { 200: runViewSchema },
    problems: [404],
  },
  'runs-retry': {
    method: 'POST',
    route: 'runs/{id}/retry',
    summary: 'Run again what failed in a run that has ended',
    body: newRetrySchema,
    answers: { 200: retriedSchema, 202: retriedSchema },
    problems: [400, 404, 409, 413, 429],
  },
  'runs-cancel': {
    method: 'DELETE',
    route: 'runs/{id}',
    summary: 'Cancel a run',
    answers: { 202: cancelledSchema },
    problems: [404, 409],
  },
  'runs-stop': {
    method: 'DELETE',
    route: 'runs',
    summary: 'Stop everything that is billed, of one workload or of all',
    query: stopQuerySchema,
    answers: { 202: allStoppedSchema },
    problems: [400, 404],
  },
  'plans-make': {
    method: 'POST',
    route: 'plans/{workload}',
    summary: 'Plan a run without making anything',
    body: newRunSchema,
    answers: { 200: planSchema, 422: planSchema },
    problems: [400, 404, 413],
  },
  'workloads-list': {
    method: 'GET',
    route: 'workloads',
    summary: 'List the workloads with their next due times and pauses',
    hasEtag: true,
    answers: { 200: workloadsSchema },
    problems: [],
  },
  'workloads-show': {
    method: 'GET',
    route: 'workloads/{workload}',
    summary: 'Show a workload with its declaration, due times, runs and budget',
    hasEtag: true,
    answers: { 200: workloadDetailSchema },
    problems: [404],
  },
  overview: {
    method: 'GET',
    route: 'overview',
    summary:
      'Show the app on one screen: workloads, active runs, what is billed, what needs attention',
    hasEtag: true,
    answers: { 200: overviewSchema },
    problems: [],
  },
  costs: {
    method: 'GET',
    route: 'costs',
    summary: 'Show node-minutes and money of a month, by workload or by day',
    hasEtag: true,
    query: costsQuerySchema,
    answers: { 200: costsSchema },
    problems: [400],
  },
  'workloads-pause': {
    method: 'POST',
    route: 'workloads/{workload}/pause',
    summary: 'Pause a workload',
    body: newPauseSchema,
    answers: { 200: pausedSchema },
    problems: [400, 404, 413],
  },
  'workloads-resume': {
    method: 'POST',
    route: 'workloads/{workload}/resume',
    summary: 'End the pause of a workload',
    body: resumeSchema,
    answers: { 200: pausedSchema },
    problems: [400, 404, 409, 413],
  },
  pause: {
    method: 'POST',
    route: 'pause',
    summary: 'Pause all workloads',
    body: newPauseSchema,
    answers: { 200: pausedSchema },
    problems: [400, 413],
  },
  resume: {
    method: 'POST',
    route: 'resume',
    summary: 'End the pause of all workloads',
    body: resumeSchema,
    answers: { 200: pausedSchema },
    problems: [400, 409, 413],
  },
  'backfills-start': {
    method: 'POST',
    route: 'workloads/{workload}/backfill',
    summary: 'Run due times that have passed, or say which would run',
    body: newBackfillSchema,
    answers: { 200: backfillPlanSchema, 202: backfillStartedSchema },
    problems: [400, 404, 413, 429],
  },
  'backfills-list': {
    method: 'GET',
    route: 'backfills',
    summary: 'List active backfills and those of the last 90 days, the newest first',
    answers: { 200: backfillsSchema },
    problems: [],
  },
  'backfills-show': {
    method: 'GET',
    route: 'backfills/{id}',
    summary: 'Show a backfill with its due times by status',
    answers: { 200: backfillViewSchema },
    problems: [404],
  },
  'backfills-stop': {
    method: 'DELETE',
    route: 'backfills/{id}',
    summary: 'Stop a backfill',
    answers: { 202: backfillViewSchema },
    problems: [404, 409],
  },
  'runs-latest': {
    method: 'GET',
    route: 'workloads/{workload}/latest',
    summary: 'Show the newest run of a workload with its outputs',
    query: latestQuerySchema,
    answers: { 200: latestSchema },
    problems: [400, 404],
  },
  outputs: {
    method: 'GET',
    route: 'runs/{id}/outputs/{*name}',
    summary: 'List the outputs of a run, without a name; with one, redirect to it in storage',
    query: outputsQuerySchema,
    answers: { 200: outputsSchema, 302: null },
    problems: [400, 404],
  },
  previews: {
    method: 'GET',
    route: 'runs/{id}/previews/{*name}',
    summary: 'Read the first 4 MiB of an output through the app',
    answers: { 200: 'bytes' },
    problems: [404],
  },
  'output-links': {
    method: 'GET',
    route: 'runs/{id}/links/{*name}',
    summary: 'Show the address of an output in storage',
    answers: { 200: outputLinkSchema },
    problems: [404],
  },
  'notify-test': {
    method: 'POST',
    route: 'notify/test',
    summary: 'Send a test event to a target of notices',
    body: newTestSchema,
    answers: { 200: testedSchema },
    problems: [400, 404, 413],
  },
  'tasks-list': {
    method: 'GET',
    route: 'runs/{id}/tasks',
    summary: 'List the tasks of a run, a page at a time',
    query: tasksQuerySchema,
    answers: { 200: tasksPageSchema },
    problems: [400, 404],
  },
  'tasks-log': {
    method: 'GET',
    route: 'runs/{id}/tasks/{task}/logs/{log}',
    summary: 'Show a part of stdout or stderr of a task, also while it runs',
    query: logQuerySchema,
    answers: { 200: logPartSchema },
    problems: [400, 404],
  },
  'nodes-list': {
    method: 'GET',
    route: 'runs/{id}/nodes',
    summary: 'List the nodes of an active run',
    answers: { 200: nodesSchema },
    problems: [404],
  },
  'nodes-log': {
    method: 'GET',
    route: 'runs/{id}/nodes/{node}/logs/{log}',
    summary: 'Show a part of stdout or stderr of the start task of a node, while the run is active',
    query: logQuerySchema,
    answers: { 200: logPartSchema },
    problems: [400, 404],
  },
  openapi: {
    method: 'GET',
    route: 'openapi.json',
    summary: 'This document',
    hasEtag: true,
    answers: { 200: documentSchema },
    problems: [],
  },
} as const satisfies Readonly<Record<string, Operation>>;

export type OperationName = keyof typeof operations;
