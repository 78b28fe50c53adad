/** One error of a request: the field and what is wrong with it. */
export interface ProblemError {
  readonly field: string;
  readonly message: string;
}

interface ApiErrorDetails extends ErrorOptions {
  readonly status?: number;
  /** The error code of the app. */
  readonly title?: string;
  readonly errors?: readonly ProblemError[];
  readonly body?: unknown;
}

/** A request that did not succeed: the app could not be reached, refused it, or is another program. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** Null where no answer came. */
  readonly status: number | null;
  /** The error code of the app; null for an answer that is not the app's. */
  readonly code: string | null;
  readonly errors: readonly ProblemError[];
  /** The JSON of the answer; undefined where it has none. */
  readonly body: unknown;

  constructor(
    readonly kind: 'unreachable' | 'refused' | 'notTheApp',
    message: string,
    { status, title, errors, body, ...options }: ApiErrorDetails = {},
  ) {
    super(message, options);
    this.status = status ?? null;
    this.code = title ?? null;
    this.errors = errors ?? [];
    this.body = body;
  }
}
