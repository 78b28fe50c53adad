/**
 * Every error of the service: its code, its status and its message. `Refusal` accepts no other
 * code. Messages are the service's where they were seen, ours where only the code is known.
 */
const refusals = {
  AccountIsDisabled: [403, 'The specified account is disabled.'],
  ActiveJobAndScheduleQuotaReached: [
    409,
    'The quota of active jobs and job schedules for the account has been reached.',
  ],
  ApplicationNotFound: [404, 'The specified application does not exist.'],
  AuthenticationFailed: [
    403,
    'Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.',
  ],
  AutoScalingFormulaSyntaxError: [400, 'The specified autoscaling formula has a syntax error.'],
  AutoScalingFormulaTooLong: [400, 'The specified autoscaling formula is too long.'],
  ConditionNotMet: [412, 'The condition specified using HTTP conditional header(s) is not met.'],
  EmptyMetadataKey: [400, 'The key of a metadata item is empty.'],
  FileNotFound: [404, 'The specified file does not exist.'],
  InternalError: [500, 'Server encountered an internal error. Please try again after some time.'],
  InvalidApplicationPackageReferences: [
    409,
    'One or more application package references could not be satisfied.',
  ],
  InvalidAuthenticationInfo: [
    400,
    'The authentication information is not provided in the correct format. Verify the value of Authorization header.',
  ],
  InvalidAutoScalingSettings: [400, 'One or more of the autoscaling settings are invalid.'],
  InvalidConstraintValue: [400, 'The value provided for one of the constraints is invalid.'],
  InvalidHeaderValue: [400, 'The value for one of the HTTP headers is not in the correct format.'],
  InvalidPropertyValue: [
    400,
    'The value provided for one of the properties in the request body is invalid.',
  ],
  InvalidQueryParameterValue: [
    400,
    'Value for one of the query parameters specified in the request URI is invalid.',
  ],
  InvalidRange: [416, 'The range specified is invalid for the current size of the file.'],
  InvalidRequestBody: [400, 'The specified Request Body is not syntactically valid.'],
  InvalidUri: [400, 'The requested URI does not represent any resource on the server.'],
  JobBeingDeleted: [409, 'The specified job is already in a deleting state.'],
  JobBeingTerminated: [409, 'The specified job is being terminated.'],
  JobCompleted: [409, 'The specified job is already in a completed state.'],
  JobDisabled: [409, 'The specified job is disabled.'],
  JobExists: [409, 'The specified job already exists.'],
  JobNotActive: [409, 'The specified job is not in an active state.'],
  JobNotFound: [404, 'The specified job does not exist.'],
  JobPreparationTaskNotRunOnNode: [
    404,
    'The job preparation task was not run on the specified compute node.',
  ],
  JobPreparationTaskNotSpecified: [409, 'The specified job does not have a job preparation task.'],
  JobReleaseTaskNotRunOnNode: [
    404,
    'The job release task was not run on the specified compute node.',
  ],
  JobScheduleBeingDeleted: [409, 'The specified job schedule is being deleted.'],
  JobScheduleBeingTerminated: [409, 'The specified job schedule is being terminated.'],
  JobScheduleCompleted: [409, 'The specified job schedule is already in a completed state.'],
  JobScheduleDisabled: [409, 'The specified job schedule is disabled.'],
  JobScheduleExists: [409, 'The specified job schedule already exists.'],
  JobScheduleNotFound: [404, 'The specified job schedule does not exist.'],
  JobScheduleWithSameIdExists: [409, 'A job schedule with the specified id already exists.'],
  JobWithSameIdExists: [409, 'A job with the specified id already exists.'],
  MissingContentLengthHeader: [411, 'Content-Length header was not specified.'],
  MissingRequiredHeader: [
    400,
    'An HTTP header that is mandatory for this request is not specified.',
  ],
  MissingRequiredProperty: [400, 'A required property was not specified in the request body.'],
  MissingRequiredQueryParameter: [
    400,
    'A query parameter that is mandatory for this request is not specified.',
  ],
  MultipleConditionHeadersNotSupported: [
    400,
    'Multiple conditional headers are not supported for this request.',
  ],
  NodeAlreadyInTargetSchedulingState: [
    409,
    'The specified compute node is already in the target scheduling state.',
  ],
  NodeBeingCreated: [409, 'The specified compute node is being created.'],
  NodeBeingRebooted: [409, 'The specified compute node is being rebooted.'],
  NodeBeingReimaged: [409, 'The specified compute node is being reimaged.'],
  NodeBeingStarted: [409, 'The specified compute node is being started.'],
  NodeNotFound: [404, 'The specified compute node does not exist.'],
  NodeStateUnusable: [409, 'The specified compute node is in an unusable state.'],
  NodeUserExists: [409, 'The specified compute node user already exists.'],
  NodeUserNotFound: [404, 'The specified compute node user does not exist.'],
  NotImplemented: [501, 'This operation is not imitated by the local Batch service.'],
  OperationInvalidForCurrentState: [
    409,
    'The specified operation is not valid for the current state of the resource.',
  ],
  OperationNotValidOnNode: [409, 'The specified operation is not valid on this compute node.'],
  OperationNotValidOnPool: [409, 'The specified operation is not valid on this pool.'],
  OutOfRangeInput: [400, 'One of the request inputs is out of range.'],
  OutOfRangePriority: [400, 'The specified priority is out of range.'],
  OutOfRangeQueryParameterValue: [
    400,
    'A query parameter specified in the request URI is outside the permissible range.',
  ],
  PoolBeingDeleted: [409, 'The specified pool is being deleted.'],
  PoolBeingResized: [409, 'The specified pool is being resized.'],
  PoolExists: [409, 'The specified pool already exists.'],
  PoolNotFound: [404, 'The specified pool does not exist.'],
  PoolQuotaReached: [409, 'The pool quota for the account has been reached.'],
  RequestEntityTooLarge: [413, 'The size of the request entity exceeds the maximum permitted.'],
  RequestBodyTooLarge: [413, 'The size of the request body exceeds the maximum size permitted.'],
  ResourceNotFound: [404, 'The specified resource does not exist.'],
  ServerBusy: [503, 'The server is currently unable to receive requests. Please retry.'],
  TaskCompleted: [409, 'The specified task is already in a completed state.'],
  TaskDependenciesNotSpecifiedOnJob: [
    400,
    'The job must set usesTaskDependencies for its tasks to have dependencies.',
  ],
  TaskDependencyListTooLong: [400, 'The list of task dependencies is too long.'],
  TaskExists: [409, 'The specified task already exists.'],
  TaskFilesCleanedup: [409, 'The files of the specified task have been cleaned up.'],
  TaskFilesUnavailable: [
    409,
    'The files of the specified task are not available on the compute node.',
  ],
  TaskIdSameAsJobPreparationTask: [
    409,
    'The id of the task is the same as that of the job preparation task.',
  ],
  TaskIdSameAsJobReleaseTask: [
    409,
    'The id of the task is the same as that of the job release task.',
  ],
  TaskNotCompleted: [409, 'The specified task is not in a completed state.'],
  TaskNotFound: [404, 'The specified task does not exist.'],
  TaskSucceeded: [409, 'The specified task has completed successfully.'],
  TooManyEnableAutoScaleRequests: [
    503,
    'Too many requests to enable autoscaling on the pool. Try again later.',
  ],
  // Unconfirmed: the service documents 429 without its code.
  TooManyRequests: [429, 'Too many requests. Please retry after some time.'],
  UnsupportedHttpVerb: [405, 'The resource does not support the specified HTTP verb.'],
  UnsupportedQueryParameter: [
    400,
    'One of the query parameters specified in the request URI is not supported.',
  ],
  UnsupportedRequestVersion: [400, 'The specified api version string is invalid.'],
} as const satisfies Record<string, readonly [number, string]>;

export type RefusalCode = keyof typeof refusals;

/** A detail of an error: the header, the parameter or the property that is invalid. */
export interface RefusalDetail {
  readonly key: string;
  readonly value: string;
}

export interface RefusalExtras {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error reply of the service. The client receives the status and the error body of its code. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: RefusalCode,
    readonly details: readonly RefusalDetail[] = [],
    extras: RefusalExtras = {},
  ) {
    const [status, message] = refusals[code];
    super(message);
    this.status = extras.status ?? status;
    this.headers = extras.headers ?? {};
  }
}

export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(refusals, code);
}

/** An invalid value of a property of the request body. */
export function invalidProperty(name: string, value: unknown, reason: string): Refusal {
  return new Refusal('InvalidPropertyValue', [
    { key: 'PropertyName', value: name },
    { key: 'PropertyValue', value: shown(value) },
    { key: 'Reason', value: reason },
  ]);
}

export function missingProperty(name: string): Refusal {
  return new Refusal('MissingRequiredProperty', [{ key: 'PropertyName', value: name }]);
}

export function invalidBody(reason: string): Refusal {
  return new Refusal('InvalidRequestBody', [{ key: 'Reason', value: reason }]);
}

export function invalidQuery(
  name: string,
  value: string,
  reason: string,
  code:
    | 'InvalidQueryParameterValue'
    | 'OutOfRangeQueryParameterValue' = 'InvalidQueryParameterValue',
): Refusal {
  return new Refusal(code, [
    { key: 'QueryParameterName', value: name },
    { key: 'QueryParameterValue', value },
    { key: 'Reason', value: reason },
  ]);
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > 256 ? `${text.slice(0, 256)}…` : text;
}
