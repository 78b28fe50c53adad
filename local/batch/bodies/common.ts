import {
  anyJson,
  duration,
  integer,
  list,
  object,
  oneOf,
  optional,
  type TypeOf,
  text,
  unimitated,
} from '../wire/shape';

/** Ids of pools, jobs, tasks and job schedules. */
export const id = text({ min: 1, max: 64, pattern: /^[A-Za-z0-9_-]+$/ });

export const displayName = text({ max: 1024 });

/** An empty command line is valid for a container alone, which then runs its own entry point. */
const commandLine = text();

const nameValue = object({ name: text({ min: 1 }), value: optional(text()) });

export const environmentSettings = list(nameValue);

export const metadata = list(object({ name: text({ min: 1 }), value: text() }));

const identityReference = unimitated('identities of nodes');

export const resourceFile = object({
  autoStorageContainerName: optional(text()),
  storageContainerUrl: optional(text()),
  httpUrl: optional(text()),
  blobPrefix: optional(text()),
  filePath: optional(text()),
  fileMode: optional(text({ pattern: /^0?o?[0-7]{3,4}$/ })),
  identityReference: optional(identityReference),
});
export type ResourceFile = TypeOf<typeof resourceFile>;

const outputFile = object({
  filePattern: text({ min: 1 }),
  destination: object({
    container: optional(
      object({
        path: optional(text()),
        containerUrl: text({ min: 1 }),
        identityReference: optional(identityReference),
        uploadHeaders: optional(list(nameValue)),
      }),
    ),
  }),
  uploadOptions: object({
    uploadCondition: oneOf('TaskSuccess', 'TaskFailure', 'TaskCompletion'),
  }),
});
export type OutputFile = TypeOf<typeof outputFile>;

const userIdentity = object({
  username: optional(text()),
  autoUser: optional(
    object({
      scope: optional(oneOf('task', 'pool')),
      elevationLevel: optional(oneOf('nonadmin', 'admin')),
    }),
  ),
});

export const containerRegistry = object({
  username: optional(text()),
  password: optional(text()),
  registryServer: optional(text()),
  identityReference: optional(identityReference),
});
export type ContainerRegistry = TypeOf<typeof containerRegistry>;

const containerSettings = object({
  containerRunOptions: optional(text()),
  imageName: text({ min: 1 }),
  registry: optional(containerRegistry),
  workingDirectory: optional(oneOf('taskWorkingDirectory', 'containerImageDefault')),
});
export type ContainerSettings = TypeOf<typeof containerSettings>;

export const applicationPackageReferences = list(
  object({ applicationId: text({ min: 1 }), version: optional(text()) }),
  10,
);
export type ApplicationPackageReferences = TypeOf<typeof applicationPackageReferences>;

/** Azure has retired the tokens of tasks. */
const authenticationTokenSettings = unimitated('authentication tokens of tasks');

export const certificateReferences = list(anyJson);

/** −1 means unlimited. */
export const retryCount = integer(-1, 2 ** 31 - 1);

export const taskConstraints = object({
  maxWallClockTime: optional(duration()),
  retentionTime: optional(duration()),
  maxTaskRetryCount: optional(retryCount),
});
export type TaskConstraints = TypeOf<typeof taskConstraints>;

/** The properties that every kind of task has: ordinary, start, job manager, preparation, release. */
export const commonTaskFields = {
  commandLine,
  containerSettings: optional(containerSettings),
  resourceFiles: optional(list(resourceFile)),
  environmentSettings: optional(environmentSettings),
  userIdentity: optional(userIdentity),
};

/** The properties that an ordinary task and a job manager task have in common. */
export const schedulableTaskFields = {
  id,
  displayName: optional(displayName),
  ...commonTaskFields,
  outputFiles: optional(list(outputFile)),
  constraints: optional(taskConstraints),
  requiredSlots: optional(integer(1, 256)),
  applicationPackageReferences: optional(applicationPackageReferences),
  authenticationTokenSettings: optional(authenticationTokenSettings),
};
