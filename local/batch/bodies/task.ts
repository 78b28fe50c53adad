import { integer, list, object, oneOf, optional, type TypeOf, text } from '../wire/shape';
import { resourceFile, schedulableTaskFields, taskConstraints } from './common';

const exitOptions = object({
  jobAction: optional(oneOf('none', 'disable', 'terminate')),
  dependencyAction: optional(oneOf('satisfy', 'block')),
});
export type ExitOptions = TypeOf<typeof exitOptions>;

const exitConditions = object({
  exitCodes: optional(list(object({ code: integer(), exitOptions }))),
  exitCodeRanges: optional(list(object({ start: integer(), end: integer(), exitOptions }))),
  preProcessingError: optional(exitOptions),
  fileUploadError: optional(exitOptions),
  default: optional(exitOptions),
});
export type ExitConditions = TypeOf<typeof exitConditions>;

const dependsOn = object({
  taskIds: optional(list(text({ min: 1 }))),
  taskIdRanges: optional(list(object({ start: integer(0), end: integer(0) }))),
});

/** POST /jobs/{jobId}/tasks */
export const newTask = object({
  ...schedulableTaskFields,
  exitConditions: optional(exitConditions),
  affinityInfo: optional(object({ affinityId: text() })),
  multiInstanceSettings: optional(
    object({
      numberOfInstances: optional(integer(1)),
      coordinationCommandLine: text(),
      commonResourceFiles: optional(list(resourceFile)),
    }),
  ),
  dependsOn: optional(dependsOn),
});
export type NewTask = TypeOf<typeof newTask>;

/** PUT /jobs/{jobId}/tasks/{taskId} */
export const taskUpdate = object({ constraints: optional(taskConstraints) });
export type TaskUpdate = TypeOf<typeof taskUpdate>;
