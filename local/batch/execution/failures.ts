import type { Failure, NamedValue } from '../state/records';

/** Reasons for a failed execution, by the codes of `failureInfo`. Casing as seen in responses. */
const failures = {
  FailureExitCode: ['UserError', 'The task process exited with an unexpected exit code'],
  CommandProgramNotFound: ['UserError', 'The specified command program is not found'],
  CommandLaunchFailed: ['UserError', 'Failed to launch the specified command line'],
  BlobNotFound: ['UserError', 'The specified Azure Blob(s) is not found'],
  BlobAccessDenied: ['UserError', 'Access for one of the specified Azure Blob(s) is denied'],
  BlobDownloadMiscError: ['UserError', 'Downloading one of the specified Azure Blob(s) failed'],
  ResourceDirectoryCreateFailed: ['UserError', 'Creating a directory for a resource file failed'],
  ResourceFileWriteFailed: ['UserError', 'Writing a resource file failed'],
  FileUploadContainerNotFound: ['UserError', 'The container of an output file is not found'],
  FileUploadAccessDenied: ['UserError', 'Access to the container of an output file is denied'],
  FileUploadMiscError: ['UserError', 'Uploading an output file failed'],
  ApplicationPackageError: ['UserError', 'An application package could not be installed'],
  ContainerInvalidImage: ['UserError', 'The container image could not be used'],
  ContainerRuntimeNotFound: ['ServerError', 'No container runtime is installed on this machine'],
  ContainerRegistryAccessDenied: ['UserError', 'The container registry refused the credentials'],
  TaskSchedulingConstraintFailed: [
    'UserError',
    'Container-enabled compute node requires task container settings',
  ],
  MountConfigurationFailed: ['UserError', 'A file system of the pool could not be mounted'],
  Unknown: ['ServerError', 'The task could not be run'],
  TaskEnded: ['UserError', 'Task was ended by user request'],
  JobPreparationTaskFailed: ['UserError', 'The job preparation task failed on the node'],
} as const satisfies Record<string, readonly ['UserError' | 'ServerError', string]>;

export type FailureCode = keyof typeof failures;

export function failureOf(
  code: FailureCode,
  details: readonly NamedValue[] = [],
  message?: string,
): Failure {
  const [category, text] = failures[code];
  return {
    category,
    code,
    message: message ?? text,
    ...(details.length > 0 && { details }),
  };
}

/** A step before or after the process that failed, with its own failure code. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  constructor(
    readonly failure: Failure,
    options?: ErrorOptions,
  ) {
    super(failure.message, options);
  }
}

/** An address without its query: a SAS is a secret and must not appear in a message. */
export function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? '';
}
