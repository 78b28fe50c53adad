import * as applications from './applications/operations';
import * as jobBodies from './bodies/job';
import * as nodeBodies from './bodies/node';
import * as poolBodies from './bodies/pool';
import * as scheduleBodies from './bodies/schedule';
import * as taskBodies from './bodies/task';
import { nodeFiles, taskFiles } from './files/operations';
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
import { type Shape, optionalBody, noBody } from './wire/shape';

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
  on('GET', 'supportedimages', noBody, listImages),
  on('GET', 'nodecounts', noBody, countNodes),
  on('GET', 'poolusagemetrics', noBody, usageMetrics),
  on('GET', 'applications', noBody, applications.listApplications),
  on('GET', 'applications/{applicationId}', noBody, applications.getApplication),

  on('POST', 'pools', poolBodies.newPool, pools.addPool),
  on('GET', 'pools', noBody, pools.listPools),
  on('HEAD', POOL, noBody, pools.poolExists),
  on('GET', POOL, noBody, pools.getPool),
  on('PATCH', POOL, poolBodies.poolPatch, pools.patchPool),
  on('DELETE', POOL, noBody, pools.removePool),
  on('POST', `${POOL}/updateproperties`, poolBodies.poolProperties, pools.updatePool),
  on('POST', `${POOL}/resize`, poolBodies.resize, scaling.resizePool),
  on('POST', `${POOL}/stopresize`, noBody, scaling.stopPoolResize),
  on('POST', `${POOL}/removenodes`, poolBodies.removeNodes, scaling.removePoolNodes),
  on('POST', `${POOL}/enableautoscale`, poolBodies.enableAutoscale, scaling.enableAutoscale),
  on('POST', `${POOL}/disableautoscale`, noBody, scaling.disableAutoscale),
  on('POST', `${POOL}/evaluateautoscale`, poolBodies.evaluateAutoscale, scaling.evaluateAutoscale),

  on('GET', `${POOL}/nodes`, noBody, nodes.listNodes),
  on('GET', NODE, noBody, nodes.getNode),
  on('POST', `${NODE}/reboot`, optionalBody(nodeBodies.reboot), actions.rebootNode),
  on('POST', `${NODE}/reimage`, optionalBody(nodeBodies.reimage), actions.reimageNode),
  on(
    'POST',
    `${NODE}/disablescheduling`,
    optionalBody(nodeBodies.disableScheduling),
    actions.disableScheduling,
  ),
  on('POST', `${NODE}/enablescheduling`, noBody, actions.enableScheduling),
  on('POST', `${NODE}/users`, nodeBodies.newUser, access.addUser),
  on('PUT', `${NODE}/users/{userName}`, nodeBodies.userUpdate, access.updateUser),
  on('DELETE', `${NODE}/users/{userName}`, noBody, access.deleteUser),
  on('GET', `${NODE}/remoteloginsettings`, noBody, access.remoteLogin),
  on('GET', `${NODE}/extensions`, noBody, access.listExtensions),
  on('POST', `${NODE}/uploadbatchservicelogs`, nodeBodies.logUpload, access.uploadLogs),
  on('GET', `${NODE}/files`, noBody, nodeFiles.list),
  on('GET', `${NODE}/files/{filePath}`, noBody, nodeFiles.get),
  on('HEAD', `${NODE}/files/{filePath}`, noBody, nodeFiles.head),
  on('DELETE', `${NODE}/files/{filePath}`, noBody, nodeFiles.delete),

  on('POST', 'jobs', jobBodies.newJob, jobs.addJob),
  on('GET', 'jobs', noBody, jobs.listJobs),
  on('GET', JOB, noBody, jobs.getJob),
  on('PATCH', JOB, jobBodies.jobPatch, jobs.patchJob),
  on('PUT', JOB, jobBodies.jobUpdate, jobs.updateJob),
  on('DELETE', JOB, noBody, jobs.removeJob),
  on('POST', `${JOB}/terminate`, optionalBody(jobBodies.jobTerminate), jobs.terminate),
  on('POST', `${JOB}/disable`, jobBodies.jobDisable, jobs.disable),
  on('POST', `${JOB}/enable`, noBody, jobs.enable),
  on('GET', `${JOB}/taskcounts`, noBody, jobs.countTasks),
  on('GET', `${JOB}/jobpreparationandreleasetaskstatus`, noBody, preparationStatus),

  on('POST', 'jobschedules', scheduleBodies.newSchedule, schedules.addSchedule),
  on('GET', 'jobschedules', noBody, schedules.listSchedules),
  on('HEAD', SCHEDULE, noBody, schedules.scheduleExists),
  on('GET', SCHEDULE, noBody, schedules.getSchedule),
  on('PATCH', SCHEDULE, scheduleBodies.schedulePatch, schedules.patchSchedule),
  on('PUT', SCHEDULE, scheduleBodies.scheduleUpdate, schedules.updateSchedule),
  on('DELETE', SCHEDULE, noBody, schedules.removeSchedule),
  on('POST', `${SCHEDULE}/disable`, noBody, schedules.disable),
  on('POST', `${SCHEDULE}/enable`, noBody, schedules.enable),
  on('POST', `${SCHEDULE}/terminate`, noBody, schedules.terminate),
  on('GET', `${SCHEDULE}/jobs`, noBody, schedules.listScheduleJobs),

  on('POST', `${JOB}/tasks`, taskBodies.newTask, tasks.addTask),
  on('POST', `${JOB}/addtaskcollection`, collection.newTasks, collection.addTasks),
  on('GET', `${JOB}/tasks`, noBody, tasks.listTasks),
  on('GET', TASK, noBody, tasks.getTask),
  on('PUT', TASK, taskBodies.taskUpdate, tasks.updateTask),
  on('DELETE', TASK, noBody, tasks.deleteTask),
  on('POST', `${TASK}/terminate`, noBody, tasks.terminateTask),
  on('POST', `${TASK}/reactivate`, noBody, tasks.reactivate),
  on('GET', `${TASK}/subtasksinfo`, noBody, tasks.listSubtasks),
  on('GET', `${TASK}/files`, noBody, taskFiles.list),
  on('GET', `${TASK}/files/{filePath}`, noBody, taskFiles.get),
  on('HEAD', `${TASK}/files/{filePath}`, noBody, taskFiles.head),
  on('DELETE', `${TASK}/files/{filePath}`, noBody, taskFiles.delete),

  // Retired before this version of the interface.
  on('GET', 'lifetimepoolstats', noBody, notImitated('lifetime statistics of pools')),
  on('GET', 'lifetimejobstats', noBody, notImitated('lifetime statistics of jobs')),
  on('GET', 'certificates', noBody, notImitated('certificates')),
  on('POST', 'certificates', noBody, notImitated('certificates')),
  on('GET', `${NODE}/rdp`, noBody, notImitated('remote desktop files')),
];

interface Branch {
  readonly segments: Map<string, Branch>;
  placeholder?: { readonly name: string; readonly branch: Branch };
  readonly routes: Map<string, Route>;
}

function newBranch(): Branch {
  return { segments: new Map(), routes: new Map() };
}

const tree = newBranch();
for (const route of routes) {
  let branch = tree;
  for (const segment of route.path.split('/')) branch = descend(branch, segment);
  branch.routes.set(route.verb, route);
}

function descend(branch: Branch, segment: string): Branch {
  if (segment.startsWith('{')) {
    branch.placeholder ??= { name: segment.slice(1, -1), branch: newBranch() };
    return branch.placeholder.branch;
  }
  const next = branch.segments.get(segment) ?? newBranch();
  branch.segments.set(segment, next);
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
  const segments = path.split('/').filter((segment) => segment !== '');
  for (const [index, segment] of segments.entries()) {
    const next = branch.segments.get(segment.toLowerCase());
    if (next !== undefined) {
      branch = next;
      continue;
    }
    if (branch.placeholder === undefined) return undefined;
    const { name } = branch.placeholder;
    branch = branch.placeholder.branch;
    if (name === 'filePath') {
      params[name] = segments.slice(index).map(decodeURIComponent).join('/');
      break;
    }
    params[name] = decodeURIComponent(segment);
  }
  return branch.routes.size === 0 ? undefined : { routes: branch.routes, params };
}
