/** The options of `nightshift rehearse`, as texts. */
export interface RehearseOptions {
  readonly from?: string;
  readonly days?: string;
  readonly workload?: readonly string[];
  readonly minutes?: readonly string[];
  readonly nodesQuota?: string;
  readonly down?: readonly string[];
  readonly url?: string;
  readonly json?: boolean;
  readonly strict?: boolean;
}

export const MAX_DAYS = 366;
export const DAYS = 31;
