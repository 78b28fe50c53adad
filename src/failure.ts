/**
 * Everything that can go wrong and is nobody's bug, with its status over HTTP. A code says what
 * happened; the message says it for this case: what was being done, with what, what to do about it.
 */
const statuses = {
  /** The request */
  badRequest: 400,
  unknownWorkload: 404,
  unknownRun: 404,
  unknownOutput: 404,
  runEnded: 409,
  bodyTooLarge: 413,
  keyReused: 422,
  /** The declaration or its settings */
  badSettings: 500,
  badWorkloads: 500,
  /** What a run needs and does not find */
  inputGone: 409,
  inputRefused: 409,
  secretMissing: 409,
  programMissing: 500,
  /** The Batch account */
  nameCollision: 409,
  quotaReached: 503,
  noCapacity: 503,
  badSpecification: 500,
  accessDenied: 500,
  serviceUnavailable: 503,
  /** The work itself */
  startTaskFailed: 500,
  preparationFailed: 500,
  nodesUnusable: 500,
  jobManagerFailed: 500,
  manifestRefused: 500,
  taskFailed: 500,
  jobEndedEarly: 500,
  outputMissing: 500,
  deadlineExceeded: 500,
  /** Not failures of anything, yet no success */
  cancelled: 409,
  overlapped: 409,
  /** Our own bug: the run was cleaned up all the same */
  internal: 500,
} as const;

export type FailureCode = keyof typeof statuses;

export class Failure extends Error {
  override readonly name = 'Failure';

  constructor(
    readonly code: FailureCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(redact(message), options);
  }
}

export function httpStatusOf(code: FailureCode): number {
  return statuses[code];
}

/** What any thrown thing says, in words a person can read and without an SDK's object noise. */
export function formatError(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error));
}

/** Shortens a service's message, so that one answer cannot fill a status or a record. */
export function truncate(text: string, maxCharacters: number): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters - 1)}…`;
}

/** What gives access by itself, and what stands before it. Azure's own words for each. */
const secretForms: readonly (readonly [RegExp, string])[] = [
  [/\bsig=[^&\s"'<>)\]]+/gi, 'sig=***'],
  [/([?&]code)=[^&\s"'<>)\]]+/gi, '$1=***'],
  [/\b(AccountKey|SharedAccessKey|SharedAccessSignature)=[^;\s"'<>)\]]+/gi, '$1=***'],
  [/\bBearer\s+[\w.~+/-]{16,}=*/gi, 'Bearer ***'],
  [/\b(SharedKey(?:Lite)?)\s+[\w-]+:[\w+/]+=*/gi, '$1 ***'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '***'],
];

/** Text as it may be kept and shown: a service may repeat in its answer what it was sent. */
export function redact(text: string): string {
  return secretForms.reduce((clean, [form, shown]) => clean.replace(form, shown), text);
}
