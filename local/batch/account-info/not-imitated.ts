import type { Reply } from '../wire/call';
import { Refusal } from '../wire/refusals';

/** An operation of the service that the stand-in does not imitate: it replies 501 with its name. */
export function notImitated(operation: string): () => Reply {
  return () => {
    throw new Refusal('NotImplemented', [{ key: 'Operation', value: operation }]);
  };
}
