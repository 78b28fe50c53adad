import type { Hub } from '../hub';

/** Runs something on a hub and returns what was observed; its instances have ids with this prefix. */
export type Scenario = (hub: Hub, id: string) => Promise<unknown>;

/** Scenarios by the sentence that the facts prove. */
export type Scenarios = Readonly<Record<string, Scenario>>;
