import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import type { OperationName } from './operations';

export type HttpHandler = (
  request: HttpRequest,
  client: DurableClient,
  context: InvocationContext,
) => Promise<HttpResponseInit>;

/** A handler that names its operation, whose answers are those of the OpenAPI document. */
export type OperationHandler = HttpHandler & { readonly operation: OperationName };
