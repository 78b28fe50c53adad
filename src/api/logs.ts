import type { HttpRequest } from '@azure/functions';
import type { App } from '../app';
import { Failure } from '../failure';
import { LOGS_FOLDER, outputContainerOf } from '../run/names';
import { planRun } from '../run/plan';
import type { FilePart, NodeFile, Part } from '../run/finish/reads';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { logTextOf } from './log-text';
import { checkRunId, queryOf } from './requests';
import { isActiveRun, runViewOf } from './run-view';
import { logQuerySchema, type LogPart } from './schemas/log';
import type { RunView } from './schemas/run';

/** The handlers that show logs of tasks, nodes of a run and logs of their start task. */

const MAX_LOG_BYTES = 256 * 1024;
const MAX_NODES = 1000;

/** GET /api/runs/{id}/tasks/{task}/logs/{log}?offset= returns a part of a log, also while the task runs. */
export function taskLogHandler(app: App): OperationHandler {
  return answering('tasks-log', async (request, client) => {
    const part = partIn(request);
    const file = fileIn(request);
    const run = await runViewOf(app, client, checkRunId(request.params['id'] ?? ''));
    const taskId = checkTaskId(request.params['task'] ?? '');
    const container = run.record?.outputContainer ?? outputContainerOf(run.runId);
    // A task uploads its log when it ends.
    const kept = await app.files.readPart(container, `${LOGS_FOLDER}/${taskId}/${file}`, part);
    if (kept !== null) return { status: 200, jsonBody: viewOf(app, run, kept, true) };
    const live = { kind: 'task', jobId: run.runId, taskId, file } as const;
    return { status: 200, jsonBody: await liveView(app, run, live, part) };
  });
}

/** GET /api/runs/{id}/nodes returns the nodes of an active run. */
export function nodesHandler(app: App): OperationHandler {
  return answering('nodes-list', async (request, client) => {
    const run = await runViewOf(app, client, checkRunId(request.params['id'] ?? ''));
    const poolId = await poolOf(app, run);
    const nodes = poolId === null ? null : await app.batch.listNodes(poolId, MAX_NODES);
    return { status: 200, jsonBody: { nodes: nodes ?? [] } };
  });
}

/** GET /api/runs/{id}/nodes/{node}/logs/{log}?offset= returns a part of the log of the start task of a node. */
export function nodeLogHandler(app: App): OperationHandler {
  return answering('nodes-log', async (request, client) => {
    const part = partIn(request);
    const file = `startup/${fileIn(request)}`;
    const run = await runViewOf(app, client, checkRunId(request.params['id'] ?? ''));
    const nodeId = request.params['node'] ?? '';
    const poolId = await poolOf(app, run);
    if (!/^[A-Za-z0-9_-]{1,128}$/.test(nodeId) || poolId === null) throw noLog(file);
    const live = { kind: 'node', poolId, nodeId, file } as const;
    return { status: 200, jsonBody: await liveView(app, run, live, part) };
  });
}

/** Reads a file on a node. @throws Failure unknownLog when it does not exist */
async function liveView(app: App, run: RunView, file: NodeFile, part: Part): Promise<LogPart> {
  const found = isActiveRun(run) ? await app.batch.readNodeFile(file, part) : null;
  if (found === null) throw noLog(file.file);
  return viewOf(app, run, found, false);
}

function viewOf({ workloads }: App, run: RunView, part: FilePart, isEnded: boolean): LogPart {
  const { text, bytes } = logTextOf(part, workloads.get(run.workload)?.logEncoding ?? 'utf-8');
  const next = part.offset + bytes;
  const { offset, length } = part;
  return { text, offset, next, length, isEnded: isEnded && next >= length };
}

function partIn(request: HttpRequest): Part {
  return { offset: queryOf(logQuerySchema, request).offset, maxBytes: MAX_LOG_BYTES };
}

/** @throws Failure unknownLog for a log other than stdout and stderr */
function fileIn({ params }: HttpRequest): 'stdout.txt' | 'stderr.txt' {
  const log = params['log'] ?? '';
  if (log === 'stdout' || log === 'stderr') return `${log}.txt`;
  throw new Failure(
    'unknownLog',
    `${JSON.stringify(log.slice(0, 64))} is no log; logs are stdout and stderr`,
  );
}

/** @throws Failure unknownTask when the id cannot be that of a task */
function checkTaskId(id: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(id)) return id;
  throw new Failure(
    'unknownTask',
    `${JSON.stringify(id.slice(0, 64))} is not a task id; GET /api/runs/{id}/tasks lists the tasks`,
  );
}

function noLog(file: string): Failure {
  return new Failure(
    'unknownLog',
    `there is no ${file}: the task or node does not exist, has not started, or its log was deleted`,
  );
}

/** The pool of an active run; null for an ended one, whose nodes may work for another run. */
async function poolOf({ workloads, owner }: App, run: RunView): Promise<string | null> {
  const [begin] = run.timeline;
  if (!isActiveRun(run) || begin === undefined) return null;
  const workload = workloads.get(run.workload) ?? null;
  const request = {
    workload: run.workload,
    occurrence: { kind: 'request', key: '' },
    parameters: {},
  } as const;
  const input = { runId: run.runId, owner: await owner(), term: 1, instant: '', request };
  return planRun(workload, input, begin.at).poolId;
}
