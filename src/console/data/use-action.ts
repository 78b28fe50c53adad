import { useState } from 'preact/hooks';
import type { ApiError } from '../../client/api-error';
import { errorOf } from './query';

export interface Action {
  readonly isBusy: boolean;
  /** The error of the last attempt. */
  readonly error: ApiError | null;
  /** Does something once; false where it did not succeed. */
  attempt(work: () => Promise<void>): Promise<boolean>;
}

/** The state of something that is sent to the app. */
export function useAction(): Action {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (cause) {
      setError(errorOf(cause));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, error, attempt };
}
