export interface TurnIdentity {
  readonly instanceId: string;
  readonly executionId: string;
  readonly parentId: string | undefined;
  readonly maxActions: number;
  /** How long to wait before asking again, when an HTTP answer does not say. */
  readonly httpPollMs: number;
}

/** Work that the host has to do, under the number by which history will know it. */
export type Decision = { readonly id: number } & Work;

export type Work =
  | { readonly kind: 'activity'; readonly name: string; readonly input: unknown }
  | { readonly kind: 'timer'; readonly fireAt: number }
  | {
      readonly kind: 'child';
      readonly name: string;
      readonly input: unknown;
      /** Undefined for the version that the host gives. */
      readonly version: string | undefined;
      readonly instanceId: string | undefined;
    }
  | {
      readonly kind: 'event';
      readonly instanceId: string;
      readonly name: string;
      readonly input: string;
    };
