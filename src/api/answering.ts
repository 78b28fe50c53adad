import type { HttpHandler, OperationHandler } from './handler';
import type { OperationName } from './operations';
import { withProblemDocuments } from './problem';

/** A handler of one operation of the API. One that serves several has the name of the first. */
export function answering(operation: OperationName, handler: HttpHandler): OperationHandler {
  return Object.assign(withProblemDocuments(handler), { operation });
}
