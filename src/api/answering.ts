import { withEtag } from './etag';
import type { HttpHandler, OperationHandler } from './handler';
import { operations, type Operation, type OperationName } from './operations';
import { withProblemDocuments } from './problem';

/** A handler of one operation of the API. One that serves several has the name of the first. */
export function answering(operation: OperationName, handler: HttpHandler): OperationHandler {
  const { hasEtag = false }: Operation = operations[operation];
  const answers = hasEtag ? withEtag(handler) : handler;
  return Object.assign(withProblemDocuments(answers), { operation });
}
