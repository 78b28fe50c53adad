import type { FailureDetails } from './history';

/**
 * The result of an orchestrator function: all actions it requested since the start of this
 * execution. Numbers and members are those of `durable-functions` 3.5.
 */
export interface OrchestratorState {
  readonly isDone: boolean;
  /** One inner list, with one action for each `yield`. */
  readonly actions: readonly (readonly Action[])[];
  readonly output?: unknown;
  readonly error?: string;
  readonly customStatus?: unknown;
  /** Of an error with the properties from the app's exception properties provider. */
  readonly failureDetails?: FailureDetails;
}

export const ActionType = {
  CallActivity: 0,
  CallActivityWithRetry: 1,
  CallSubOrchestrator: 2,
  CallSubOrchestratorWithRetry: 3,
  ContinueAsNew: 4,
  CreateTimer: 5,
  WaitForExternalEvent: 6,
  CallEntity: 7,
  CallHttp: 8,
  SignalEntity: 9,
  WhenAny: 11,
  WhenAll: 12,
  LockEntities: 13,
  ReleaseEntities: 14,
} as const;

type Numbers = typeof ActionType;

export interface CallAction {
  readonly functionName: string;
  readonly input?: unknown;
}

export interface ChildAction extends CallAction {
  readonly instanceId?: string;
  readonly version?: string;
}

export interface Retry {
  readonly firstRetryIntervalInMilliseconds: number;
  readonly maxNumberOfAttempts: number;
  readonly backoffCoefficient?: number;
  readonly maxRetryIntervalInMilliseconds?: number;
  readonly retryTimeoutInMilliseconds?: number;
}

interface WithRetry {
  readonly retryOptions: Retry;
}

export interface EntityAction {
  /** `@name@key`. */
  readonly instanceId: string;
  readonly operation: string;
  readonly input?: unknown;
}

export interface EntityName {
  readonly name: string;
  readonly key: string;
}

export interface HttpRequestAction {
  readonly method: string;
  readonly uri: string;
  readonly content?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tokenSource?: unknown;
  readonly asynchronousPatternEnabled?: boolean;
}

type Of<Name extends keyof Numbers> = { readonly actionType: Numbers[Name] };

export type Action =
  | (Of<'CallActivity'> & CallAction)
  | (Of<'CallActivityWithRetry'> & CallAction & WithRetry)
  | (Of<'CallSubOrchestrator'> & ChildAction)
  | (Of<'CallSubOrchestratorWithRetry'> & ChildAction & WithRetry)
  | (Of<'ContinueAsNew'> & { readonly input?: unknown })
  | (Of<'CreateTimer'> & { readonly fireAt: string; readonly isCanceled?: boolean })
  | (Of<'WaitForExternalEvent'> & { readonly externalEventName: string })
  | (Of<'CallEntity'> & EntityAction)
  | (Of<'CallHttp'> & { readonly httpRequest: HttpRequestAction })
  | (Of<'SignalEntity'> & EntityAction)
  | (Of<'WhenAny'> & { readonly compoundActions: readonly Action[] })
  | (Of<'WhenAll'> & { readonly compoundActions: readonly Action[] })
  | (Of<'LockEntities'> & {
      readonly lockSet: readonly EntityName[];
      readonly lockRequestId: string;
    })
  | Of<'ReleaseEntities'>;
