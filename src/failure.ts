/**
 * The codes of expected errors, each with its HTTP status. A code names the kind of error; the
 * message describes the case: what was being done, with what, and what to do about it.
 */
const statuses = {
  /** The request is wrong. */
  badRequest: 400,
  unknownWorkload: 404,
  unknownRun: 404,
  unknownOutput: 404,
  unknownTask: 404,
  unknownLog: 404,
  unknownBackfill: 404,
  unknownTarget: 404,
  runEnded: 409,
  runActive: 409,
  runSucceeded: 409,
  alreadyRetried: 409,
  outputsGone: 409,
  notPaused: 409,
  backfillEnded: 409,
  bodyTooLarge: 413,
  keyReused: 422,
  /** A declaration or a setting is wrong. */
  badSettings: 500,
  badWorkloads: 500,
  /** A run cannot find what it needs. */
  inputGone: 409,
  inputRefused: 409,
  secretMissing: 409,
  programMissing: 500,
  /** The Batch account rejects or cannot do it. */
  nameCollision: 409,
  quotaReached: 503,
  noCapacity: 503,
  badSpecification: 500,
  accessDenied: 500,
  serviceUnavailable: 503,
  /** The work itself failed. */
  startTaskFailed: 500,
  preparationFailed: 500,
  nodesUnusable: 500,
  jobManagerFailed: 500,
  manifestRefused: 500,
  taskFailed: 500,
  jobEndedEarly: 500,
  workloadChanged: 500,
  outputMissing: 500,
  deadlineExceeded: 500,
  /** The run did not fail, and did not succeed either. */
  cancelled: 409,
  overlapped: 409,
  notAllSucceeded: 409,
  startWindowEnded: 409,
  paused: 409,
  budgetExceeded: 409,
  /** A bound on sums is reached: the request may succeed later. */
  tooManyRuns: 429,
  budgetReached: 429,
  admissionClosed: 429,
  /** A bug of the app; the run was cleaned up all the same. */
  internal: 500,
} as const;

export type FailureCode = keyof typeof statuses;

export const FAILURE_CODES = Object.keys(statuses) as readonly FailureCode[];

/** Failures that a user mends in a declaration or a setting: a stack would only hide the message. */
const userErrors: ReadonlySet<FailureCode> = new Set([
  'badSettings',
  'badWorkloads',
  'programMissing',
]);

export interface FailureOptions extends ErrorOptions {
  /** Seconds after which a repetition may succeed. Undefined when the service names no time. */
  readonly retryAfterSeconds?: number | undefined;
}

export class Failure extends Error {
  override readonly name = 'Failure';
  /** Null when the service named no time. A `quotaReached` without one can never be resolved by waiting. */
  readonly retryAfterSeconds: number | null;

  constructor(
    readonly code: FailureCode,
    message: string,
    options?: FailureOptions,
  ) {
    super(redact(message), options);
    this.retryAfterSeconds = options?.retryAfterSeconds ?? null;
    // Hosts print the stack of an app that cannot be loaded.
    if (userErrors.has(code)) this.stack = this.message;
  }
}

export function httpStatusOf(code: FailureCode): number {
  return statuses[code];
}

/** The message of anything thrown, readable for people and without the internals of an SDK. */
export function formatError(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error));
}

/** Shortens a service's message, so that one answer cannot fill a status or a record. */
export function truncate(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters - 1)}…`;
}

/** Text of a program or a service on one line, without control characters and terminal sequences. */
export function plainText(text: string): string {
  return text.replace(TERMINAL_SEQUENCES, '').replace(CONTROL_CHARACTERS, ' ');
}

const TERMINAL_SEQUENCES =
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  /(?:\u001B\[|\u009B)[0-9;?]*[A-Za-z]|\u001B\][^\u0007\u001B]*(?:\u0007|\u001B\\)?/g;
/** Marks that reverse the direction of text make it look like another one. */
// oxlint-disable-next-line no-control-regex -- control characters are what is removed
const CONTROL_CHARACTERS = /[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]+/g;

/** Secrets that grant access by themselves, as Azure writes them, with their masked forms. */
const secretForms: readonly (readonly [RegExp, string])[] = [
  [/\bsig=[^&\s"'<>)\]]+/gi, 'sig=***'],
  [/([?&]code)=[^&\s"'<>)\]]+/gi, '$1=***'],
  [/\b(AccountKey|SharedAccessKey|SharedAccessSignature)=[^;\s"'<>)\]]+/gi, '$1=***'],
  [/\bBearer\s+[\w.~+/-]{16,}=*/gi, 'Bearer ***'],
  [/\b(SharedKey(?:Lite)?)\s+[\w-]+:[\w+/]+=*/gi, '$1 ***'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '***'],
];

/** Text with its secrets masked, to be stored or shown: a service may repeat a request in its response. */
export function redact(text: string): string {
  return secretForms.reduce((clean, [form, shown]) => clean.replace(form, shown), text);
}
