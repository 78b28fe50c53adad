/**
 * The data exchanged between host and app: the shapes of `@azure/functions-core`, whose types are
 * not published. Read from `@azure/functions` 4.16.
 */

/** One value on the wire. At most one member is set; none means undefined. */
export interface TypedData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly int?: number;
  readonly double?: number;
  readonly http?: HttpData;
  readonly modelBindingData?: ModelBindingData;
}

/** A reference to a resource, from which a library of the app creates a client. */
export interface ModelBindingData {
  readonly version: string;
  readonly source: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

/** True when the app requested a client (`sdkBinding: true`) instead of the content. */
export function isDeferred({ properties }: Binding): boolean {
  return (
    typeof properties === 'object' &&
    properties !== null &&
    'supportsDeferredBinding' in properties &&
    properties.supportsDeferredBinding === 'true'
  );
}

/** The data from which `@azure/functions-extensions-blob` creates a client. */
export function blobReference(
  Connection: string,
  ContainerName: string,
  BlobName: string,
): TypedData {
  return {
    modelBindingData: {
      version: '1.0',
      source: 'AzureStorageBlobs',
      contentType: 'application/json',
      content: Buffer.from(JSON.stringify({ Connection, ContainerName, BlobName })),
    },
  };
}

export type Maybe<T> = T | null | undefined;

interface Nullable<T> {
  readonly value?: T;
}

export interface HttpData {
  readonly url?: string;
  readonly method?: string;
  readonly statusCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly nullableHeaders?: Readonly<Record<string, Nullable<string>>>;
  readonly nullableQuery?: Readonly<Record<string, Nullable<string>>>;
  readonly nullableParams?: Readonly<Record<string, Nullable<string>>>;
  readonly body?: Maybe<TypedData>;
  readonly cookies?: readonly HttpCookie[];
}

export interface HttpCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: Maybe<Nullable<string>>;
  readonly path?: Maybe<Nullable<string>>;
  /** Seconds since 1970, unlike other times. */
  readonly expires?: Maybe<Nullable<{ readonly seconds: number }>>;
  readonly secure?: Maybe<Nullable<boolean>>;
  readonly httpOnly?: Maybe<Nullable<boolean>>;
  readonly sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone';
  readonly maxAge?: Maybe<Nullable<number>>;
}

export interface Binding {
  readonly type: string;
  readonly direction: string;
  readonly [option: string]: unknown;
}

/** Content in the form that its binding requests: bytes or text. Default: `usual`. */
export function contentFor(
  { dataType }: Binding,
  bytes: Buffer,
  usual: 'binary' | 'string',
): TypedData {
  const asked = typeof dataType === 'string' ? dataType.toLowerCase() : usual;
  const kind = asked === 'binary' || asked === 'string' ? asked : usual;
  return kind === 'binary' ? { bytes } : { string: bytes.toString('utf8') };
}

export interface RetryOptions {
  readonly retryStrategy: 'fixedDelay' | 'exponentialBackoff';
  readonly maxRetryCount: number;
  readonly delayInterval?: { readonly seconds: number };
  readonly minimumInterval?: { readonly seconds: number };
  readonly maximumInterval?: { readonly seconds: number };
}

export interface FunctionMetadata {
  readonly name: string;
  readonly functionId?: string;
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly retryOptions?: RetryOptions;
}

export type FunctionCallback = (...inputs: unknown[]) => unknown;

export interface NamedData {
  readonly name: string;
  readonly data: TypedData;
}

export interface RetryContext {
  readonly retryCount: number;
  readonly maxRetryCount: number;
  readonly exception?: { readonly message: string; readonly stackTrace: string };
}

export interface InvocationRequest {
  readonly invocationId: string;
  readonly functionId: string;
  readonly inputData: readonly NamedData[];
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
  readonly traceContext: {
    readonly traceParent: string;
    readonly traceState: string;
    readonly attributes: Readonly<Record<string, string>>;
  };
  readonly retryContext: RetryContext | null;
}

export type InvocationState = 'preInvocationHooks' | 'invocation' | 'postInvocationHooks';
export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical';
export type LogCategory = 'user' | 'system' | 'customMetric';

/** The data of one invocation for the programming model, which reads `state` while it runs. */
export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: InvocationRequest;
  readonly metadata: FunctionMetadata;
  state: InvocationState | undefined;
  readonly log: (level: LogLevel, category: LogCategory, message: string) => void;
}

export interface InvocationResponse {
  readonly returnValue?: Maybe<TypedData>;
  readonly outputData?: readonly NamedData[];
}

export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<InvocationResponse>;
}

export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities?(
    capabilities: Record<string, string>,
  ): Record<string, string> | Promise<Record<string, string>>;
}

/** The return value of a function as JSON text; null when it returned nothing. */
export function jsonTextOf(data: Maybe<TypedData>): string | null {
  if (data === null || data === undefined) return null;
  if (data.json !== undefined) return data.json;
  if (data.string !== undefined) return JSON.stringify(data.string);
  if (data.int !== undefined) return JSON.stringify(data.int);
  if (data.double !== undefined) return JSON.stringify(data.double);
  if (data.bytes !== undefined) return JSON.stringify(Buffer.from(data.bytes).toString('base64'));
  return null;
}
