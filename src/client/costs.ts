import type { Send } from './api';

/** Node-minutes and money. */
export interface Spend {
  /** Occurrences that have ended. */
  readonly runs: number;
  readonly nodeMinutes: number;
  /** Null where nothing that was spent has a price. */
  readonly cost: number | null;
  /** `partly` and `unpriced`: some or all node-minutes have no price, and are in no cost. */
  readonly pricing: 'priced' | 'partly' | 'unpriced';
  readonly unpricedMinutes: number;
}

/** Node-minutes and money, with what became of them. */
export interface DetailedSpend extends Spend {
  readonly spotMinutes: number;
  readonly dedicatedMinutes: number;
  readonly successful: Spend;
  /** Runs that failed, timed out or were cancelled. */
  readonly wasted: Spend;
  /** Later attempts; they are among the successful and the wasted. */
  readonly retries: Spend;
  readonly preemptions: number;
  /** Node-minutes of which only the sum of the month is known. */
  readonly undetailedMinutes: number;
}

/** A budget of the month, in the currency of the prices. */
export interface Budget {
  readonly perMonth: number;
  readonly whenExceeded: 'refuse' | 'queue';
  readonly spent: number;
  /** The most that active runs may take. */
  readonly reserved: number;
  readonly left: number;
  /** False where the nodes have no price: no start is refused. */
  readonly isBinding: boolean;
}

export interface DaySpend extends Spend {
  readonly day: string;
}

export interface CostGroup extends DetailedSpend {
  /** Null for a group by day. */
  readonly workload: string | null;
  /** Null for a group by workload. */
  readonly day: string | null;
  readonly days: readonly DaySpend[];
  readonly previousMonth: Spend | null;
  readonly budget: Budget | null;
}

export interface CostsView {
  readonly asOf: string;
  /** A month of UTC, such as 2026-11. */
  readonly month: string;
  readonly by: 'workload' | 'day';
  readonly currency: string;
  readonly groups: readonly CostGroup[];
  readonly total: DetailedSpend & {
    readonly previousMonth: Spend;
    readonly budget: Budget | null;
  };
}

export interface CostsQuery {
  readonly by?: 'workload' | 'day';
  /** Default: the current month of UTC. */
  readonly month?: string;
}

/** Node-minutes and money of one month. */
export async function showCosts(send: Send, query: CostsQuery = {}): Promise<CostsView> {
  const text = new URLSearchParams({ ...query }).toString();
  return (await send('GET', `/api/costs${text === '' ? '' : `?${text}`}`)) as CostsView;
}
