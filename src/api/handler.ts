import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import type { Ports } from '../run/ports';
import type { Workloads } from '../workload/workload';

/** The ports and workloads that handlers of the HTTP API use. */
export interface Api {
  readonly ports: Ports;
  readonly workloads: Workloads;
}

export type HttpHandler = (
  request: HttpRequest,
  client: DurableClient,
  context: InvocationContext,
) => Promise<HttpResponseInit>;
