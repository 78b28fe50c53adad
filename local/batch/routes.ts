import * as applications from './applications/operations';
import * as jobBodies from './bodies/job';
import * as nodeBodies from './bodies/node';
import * as poolBodies from './bodies/pool';
import * as scheduleBodies from './bodies/schedule';
import * as taskBodies from './bodies/task';
import * as files from './files/operations';
import * as jobs from './jobs/operations';
import { preparationStatus } from './jobs/preparation-status';
import * as access from './nodes/access';
import * as actions from './nodes/actions';
import * as nodes from './nodes/operations';
import * as pools from './pools/operations';
import * as scaling from './pools/scaling-operations';
import * as schedules from './schedules/operations';
import { listImages } from './account-info/images';
import { countNodes } from './account-info/node-counts';
import { notImitated } from './account-info/not-imitated';
import { usageMetrics } from './account-info/usage';
import type { Account } from './state/account';
import * as collection from './tasks/collection';
import * as tasks from './tasks/operations';
import type { Call, PathNames, Reply } from './wire/call';
import { type Shape, maybe, nothing } from './wire/shape';

export type Verb = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** An operation in the form of the pipeline: its types were checked where its row was written. */
export interface Route {
  readonly verb: Verb;
  readonly path: string;
  readonly shape: Shape<unknown>;
  readonly operation: (account: Account, call: Call<never, string>) => Reply | Promise<Reply>;
}

function on<Path extends string, Body>(
  verb: Verb,
  path: Path,
  shape: Shape<Body>,
  operation: (account: Account, call: Call<Body, PathNames<Path>>) => Reply | Promise<Reply>,
): Route {
  return { verb, path, shape, operation };
}

const POOL = 'pools/{poolId}' as const;
const NODE = 'pools/{poolId}/nodes/{nodeId}' as const;
const JOB = 'jobs/{jobId}' as const;
const SCHEDULE = 'jobschedules/{jobScheduleId}' as const;
const TASK = 'jobs/{jobId}/tasks/{taskId}' as const;

/** The whole service: every operation with its body and its function. */
export const routes: readonly Route[] = [
  on('GET', 'supportedimages', nothing, listImages),
  on('GET', 'nodecounts', nothing, countNodes),
  on('GET', 'poolusagemetrics', nothing, usageMetrics),
  on('GET', 'applications', nothing, applications.listApplications),
  on('GET', 'applications/{applicationId}', nothing, applications.getApplication),

  on('POST', 'pools', poolBodies.newPool, pools.addPool),
  on('GET', 'pools', nothing, pools.listPools),
  on('HEAD', POOL, nothing, pools.poolExists),
  on('GET', POOL, nothing, pools.getPool),
  on('PATCH', POOL, poolBodies.poolPatch, pools.patchPool),
  on('DELETE', POOL, nothing, pools.removePool),
  on('POST', `${POOL}/updateproperties`, poolBodies.poolProperties, pools.updatePool),
  on('POST', `${POOL}/resize`, poolBodies.resize, scaling.resizePool),
  on('POST', `${POOL}/stopresize`, nothing, scaling.stopPoolResize),
  on('POST', `${POOL}/removenodes`, poolBodies.removeNodes, scaling.removePoolNodes),
  on('POST', `${POOL}/enableautoscale`, poolBodies.enableAutoscale, scaling.enableAutoscale),
  on('POST', `${POOL}/disableautoscale`, nothing, scaling.disableAutoscale),
  on('POST', `${POOL}/evaluateautoscale`, poolBodies.evaluateAutoscale, scaling.evaluateAutoscale),

  on('GET', `${POOL}/nodes`, nothing, nodes.listNodes),
  on('GET', NODE, nothing, nodes.getNode),
  on('POST', `${NODE}/reboot`, maybe(nodeBodies.reboot), actions.rebootNode),
  on('POST', `${NODE}/reimage`, maybe(nodeBodies.reimage), actions.reimageNode),
  on(
    'POST',
    `${NODE}/disablescheduling`,
    maybe(nodeBodies.disableScheduling),
    actions.disableScheduling,
  ),
  on('POST', `${NODE}/enablescheduling`, nothing, actions.enableScheduling),
  on('POST', `${NODE}/users`, nodeBodies.newUser, access.addUser),
  on('PUT', `${NODE}/users/{userName}`, nodeBodies.userUpdate, access.updateUser),
  on('DELETE', `${NODE}/users/{userName}`, nothing, access.deleteUser),
  on('GET', `${NODE}/remoteloginsettings`, nothing, access.remoteLogin),
  on('GET', `${NODE}/extensions`, nothing, access.listExtensions),
  on('POST', `${NODE}/uploadbatchservicelogs`, nodeBodies.logUpload, access.uploadLogs),
  on('GET', `${NODE}/files`, nothing, files.listNodeFiles),
  on('GET', `${NODE}/files/{filePath}`, nothing, files.getNodeFile),
  on('HEAD', `${NODE}/files/{filePath}`, nothing, files.headNodeFile),
  on('DELETE', `${NODE}/files/{filePath}`, nothing, files.deleteNodeFile),

  on('POST', 'jobs', jobBodies.newJob, jobs.addJob),
  on('GET', 'jobs', nothing, jobs.listJobs),
  on('GET', JOB, nothing, jobs.getJob),
  on('PATCH', JOB, jobBodies.jobPatch, jobs.patchJob),
  on('PUT', JOB, jobBodies.jobUpdate, jobs.updateJob),
  on('DELETE', JOB, nothing, jobs.removeJob),
  on('POST', `${JOB}/terminate`, maybe(jobBodies.jobTerminate), jobs.terminate),
  on('POST', `${JOB}/disable`, jobBodies.jobDisable, jobs.disable),
  on('POST', `${JOB}/enable`, nothing, jobs.enable),
  on('GET', `${JOB}/taskcounts`, nothing, jobs.countTasks),
  on('GET', `${JOB}/jobpreparationandreleasetaskstatus`, nothing, preparationStatus),

  on('POST', 'jobschedules', scheduleBodies.newSchedule, schedules.addSchedule),
  on('GET', 'jobschedules', nothing, schedules.listSchedules),
  on('HEAD', SCHEDULE, nothing, schedules.scheduleExists),
  on('GET', SCHEDULE, nothing, schedules.getSchedule),
  on('PATCH', SCHEDULE, scheduleBodies.schedulePatch, schedules.patchSchedule),
  on('PUT', SCHEDULE, scheduleBodies.scheduleUpdate, schedules.updateSchedule),
  on('DELETE', SCHEDULE, nothing, schedules.removeSchedule),
  on('POST', `${SCHEDULE}/disable`, nothing, schedules.disable),
  on('POST', `${SCHEDULE}/enable`, nothing, schedules.enable),
  on('POST', `${SCHEDULE}/terminate`, nothing, schedules.terminate),
  on('GET', `${SCHEDULE}/jobs`, nothing, schedules.listScheduleJobs),

  on('POST', `${JOB}/tasks`, taskBodies.newTask, tasks.addTask),
  on('POST', `${JOB}/addtaskcollection`, collection.newTasks, collection.addTasks),
  on('GET', `${JOB}/tasks`, nothing, tasks.listTasks),
  on('GET', TASK, nothing, tasks.getTask),
  on('PUT', TASK, taskBodies.taskUpdate, tasks.updateTask),
  on('DELETE', TASK, nothing, tasks.deleteTask),
  on('POST', `${TASK}/terminate`, nothing, tasks.terminateTask),
  on('POST', `${TASK}/reactivate`, nothing, tasks.reactivate),
  on('GET', `${TASK}/subtasksinfo`, nothing, tasks.listSubtasks),
  on('GET', `${TASK}/files`, nothing, files.listTaskFiles),
  on('GET', `${TASK}/files/{filePath}`, nothing, files.getTaskFile),
  on('HEAD', `${TASK}/files/{filePath}`, nothing, files.headTaskFile),
  on('DELETE', `${TASK}/files/{filePath}`, nothing, files.deleteTaskFile),

  // Retired before this version of the interface.
  on('GET', 'lifetimepoolstats', nothing, notImitated('lifetime statistics of pools')),
  on('GET', 'lifetimejobstats', nothing, notImitated('lifetime statistics of jobs')),
  on('GET', 'certificates', nothing, notImitated('certificates')),
  on('POST', 'certificates', nothing, notImitated('certificates')),
  on('GET', `${NODE}/rdp`, nothing, notImitated('remote desktop files')),
];

interface Branch {
  readonly words: Map<string, Branch>;
  place?: { readonly name: string; readonly branch: Branch };
  readonly routes: Map<string, Route>;
}

function newBranch(): Branch {
  return { words: new Map(), routes: new Map() };
}

const tree = newBranch();
for (const route of routes) {
  let branch = tree;
  for (const step of route.path.split('/')) branch = stepInto(branch, step);
  branch.routes.set(route.verb, route);
}

function stepInto(branch: Branch, step: string): Branch {
  if (step.startsWith('{')) {
    branch.place ??= { name: step.slice(1, -1), branch: newBranch() };
    return branch.place.branch;
  }
  const next = branch.words.get(step) ?? newBranch();
  branch.words.set(step, next);
  return next;
}

export interface Match {
  readonly routes: ReadonlyMap<string, Route>;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * Finds the routes of a path, by verb. The path of a file may be encoded as one segment or as
 * several.
 */
export function matchPath(path: string): Match | undefined {
  const params: Record<string, string> = {};
  let branch = tree;
  const steps = path.split('/').filter((step) => step !== '');
  for (const [index, step] of steps.entries()) {
    const next = branch.words.get(step.toLowerCase());
    if (next !== undefined) {
      branch = next;
      continue;
    }
    if (branch.place === undefined) return undefined;
    const { name } = branch.place;
    branch = branch.place.branch;
    if (name === 'filePath') {
      params[name] = steps.slice(index).map(decodeURIComponent).join('/');
      break;
    }
    params[name] = decodeURIComponent(step);
  }
  return branch.routes.size === 0 ? undefined : { routes: branch.routes, params };
}
