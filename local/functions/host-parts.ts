import type { Listening } from '../http';
import type { Catalog } from './catalog';
import type { Registry } from './core';
import type { DurableApi } from './durable/client-api';
import type { HubAddresses } from './durable/client-urls';
import type { TaskHub } from './durable/task-hub';
import type { Runner } from './runner';
import type { HostSettings } from './settings';
import type { HttpStreams } from './triggers/http-stream';
import type { Triggers } from './triggers/triggers';
import type { HttpRoutes } from './triggers/http-routes';

/** The objects that exist before the parts. */
export interface Frame {
  readonly registry: Registry;
  readonly settings: HostSettings;
  readonly catalog: Catalog;
  /** Present if the app enables HTTP streams. */
  readonly streams: HttpStreams | undefined;
  readonly front: Listening;
  /** Clean-up steps, run in the opposite order. */
  readonly closing: (() => unknown)[];
}

export interface HostParts extends Frame {
  readonly runner: Runner;
  readonly hub: TaskHub;
  readonly api: DurableApi;
  readonly triggers: Triggers;
  readonly addresses: HubAddresses;
}

export interface OpenHost extends HostParts {
  readonly routes: HttpRoutes;
}
