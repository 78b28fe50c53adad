import type http from 'node:http';
import type { Body } from '../body';
import type { HubAddresses } from './client-urls';
import type { Pages } from './pages';
import type { TaskHub } from './task-hub';

export interface ApiResponse {
  readonly status: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiCall {
  readonly hub: TaskHub;
  readonly addresses: HubAddresses;
  /** Lists whose pages are being read. */
  readonly pages: Pages;
  /** The segments of the path, decoded. */
  readonly parts: readonly string[];
  readonly url: URL;
  readonly request: http.IncomingMessage;
  readonly body: Body;
}
