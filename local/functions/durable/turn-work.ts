export interface TurnIdentity {
  readonly instanceId: string;
  readonly executionId: string;
  readonly parentId: string | undefined;
  readonly maxActions: number;
  /** Time until the next poll when an HTTP response names none. */
  readonly httpPollMs: number;
}

/** Work for the host, under its number in the history. */
export type Decision = { readonly id: number } & Work;

export type Work =
  | { readonly kind: 'activity'; readonly name: string; readonly input: unknown }
  | { readonly kind: 'timer'; readonly fireAt: number }
  | {
      readonly kind: 'child';
      readonly name: string;
      readonly input: unknown;
      /** Undefined for the default version of the host. */
      readonly version: string | undefined;
      readonly instanceId: string | undefined;
    }
  | {
      readonly kind: 'event';
      readonly instanceId: string;
      readonly name: string;
      readonly input: string;
    };
