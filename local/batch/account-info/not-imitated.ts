import type { Reply } from '../wire/call';
import { Refusal } from '../wire/refusals';

/** An operation that the service has and the stand-in does not: it says so by name. */
export function notImitated(operation: string): () => Reply {
  return () => {
    throw new Refusal('NotImplemented', [{ key: 'Operation', value: operation }]);
  };
}
