import type { HttpRequest } from '@azure/functions';
import { admissionOf, type App } from '../app';
import { Failure } from '../failure';
import { admit } from '../ledger/admit';
import { pause, pauseAt, readPauses, resume } from '../ledger/pauses';
import { ALL_WORKLOADS } from '../ledger/rows';
import { ValidationError } from '../workload/validation';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { callerOf, checked, findWorkload, readBody } from './requests';
import { newPauseSchema, resumeSchema } from './schemas/workload';

/** The handlers that pause and resume a workload, or all. */

/** POST /api/workloads/{workload}/pause and POST /api/pause: no occurrence starts by itself until the end. */
export function pauseHandler(app: App): OperationHandler {
  return answering('workloads-pause', async (request, _client, context) => {
    const workload = workloadIn(app, request);
    const body = checked(newPauseSchema, await readBody(request));
    const since = app.now().toISOString();
    const until = body.until === undefined ? null : new Date(body.until).toISOString();
    if (until !== null && until <= since) {
      throw new ValidationError([
        { field: 'until', message: `must be in the future; it is ${until}` },
      ]);
    }
    const by = callerOf(request, body.by);
    await pause(app.table, workload, { since, until, by, reason: body.reason });
    context.log(`${nameOf(workload)} paused by ${by}: ${body.reason}`);
    return { status: 200, jsonBody: await pausedView(app, workload, since) };
  });
}

/** POST /api/workloads/{workload}/resume and POST /api/resume: what waits starts, as far as bounds allow. */
export function resumeHandler(app: App): OperationHandler {
  return answering('workloads-resume', async (request, client, context) => {
    const workload = workloadIn(app, request);
    const { by } = checked(resumeSchema, await readBody(request));
    const now = app.now().toISOString();
    if (!(await resume(app.table, workload, now))) {
      throw new Failure('notPaused', `${nameOf(workload)} not paused; there is nothing to resume`);
    }
    context.log(`${nameOf(workload)} resumed by ${callerOf(request, by)}`);
    await admit(admissionOf(app, client));
    return { status: 200, jsonBody: await pausedView(app, workload, now) };
  });
}

/** The pause that holds for a workload after a change, if one still does. */
async function pausedView({ table }: App, workload: string, now: string) {
  return {
    workload: workload === ALL_WORKLOADS ? null : workload,
    pause: pauseAt(await readPauses(table), workload, now),
  };
}

function nameOf(workload: string): string {
  return workload === ALL_WORKLOADS ? 'the app is' : `${workload} is`;
}

function workloadIn({ workloads }: App, { params }: HttpRequest): string {
  const name = params['workload'];
  return name === undefined ? ALL_WORKLOADS : findWorkload(workloads, name).name;
}
