import type { Clock } from '../../clock';
import { formatError, stackOf } from '../../errors';
import type { RetryContext, RetryOptions } from '../wire';
import type { HostedFunction } from '../hosted-function';

/** Runs a function with its retry policy; rejects with the last failure. */
export async function withRetries<T>(
  fn: HostedFunction,
  clock: Clock,
  attempt: (context: RetryContext | undefined) => Promise<T>,
): Promise<T> {
  const policy = fn.metadata.retryOptions;
  if (policy === undefined) return attempt(undefined);

  let context: RetryContext = { retryCount: 0, maxRetryCount: policy.maxRetryCount };
  for (;;) {
    try {
      return await attempt(context);
    } catch (error) {
      const { retryCount } = context;
      // -1 means forever.
      if (policy.maxRetryCount >= 0 && retryCount >= policy.maxRetryCount) throw error;
      const exception = { message: formatError(error), stackTrace: stackOf(error) };
      context = { ...context, retryCount: retryCount + 1, exception };
      await pause(clock, delayBefore(retryCount + 1, policy));
    }
  }
}

/**
 * Unlike Azure: an exponential delay has no jitter here, so that a test can predict it. There it
 * varies by up to a fifth.
 */
function delayBefore(retry: number, policy: RetryOptions): number {
  if (policy.retryStrategy === 'fixedDelay') return (policy.delayInterval?.seconds ?? 0) * 1000;
  const least = policy.minimumInterval?.seconds ?? 0;
  const most = policy.maximumInterval?.seconds ?? least;
  return Math.min(most, least * 2 ** (retry - 1)) * 1000;
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.at(new Date(clock.now().getTime() + ms), resolve);
  });
}
