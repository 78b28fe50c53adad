import { signal } from '@preact/signals';
import { ApiError } from '../../client/api-error';
import { sendTo, type Send } from '../../client/api';
import { timeNow } from './clock';

/** The connection to the app: the key of this tab, and whether the app can be reached. */

/** Session storage belongs to one tab and ends with it. The key is in no address and no cookie. */
const STORED_KEY = 'nightshift-function-key';

const key = signal<string | null>(null);

/** `wrong`: the app refused the key that was entered. */
export const keyState = signal<'accepted' | 'missing' | 'wrong'>('accepted');

/** The instant from which the app could not be reached; null while it can. */
export const offlineSince = signal<number | null>(null);

/** Increases when every view has to be fetched again: a new key, or a network that came back. */
export const generation = signal(0);

export function watchConnection(): void {
  key.value = sessionStorage.getItem(STORED_KEY);
  window.addEventListener('online', () => {
    generation.value += 1;
  });
  window.addEventListener('offline', () => {
    offlineSince.value ??= timeNow();
  });
}

export function enterKey(entered: string): void {
  sessionStorage.setItem(STORED_KEY, entered);
  key.value = entered;
  keyState.value = 'accepted';
  generation.value += 1;
}

export function forgetKey(): void {
  sessionStorage.removeItem(STORED_KEY);
  key.value = null;
  keyState.value = 'missing';
}

export function hasKey(): boolean {
  return key.value !== null;
}

/** Sends a request that changes something. */
export const send: Send = async (...call) => {
  try {
    return await sendTo({ url: '', key: key.value })(...call);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) refuseKey();
    throw error;
  }
};

/**
 * Sends a request and returns whatever the app answers. Nothing is kept on disk: the caller holds
 * the version that it knows, and asks for another with `If-None-Match`.
 */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (key.value !== null) headers.set('x-functions-key', key.value);
  const response = await fetch(path, {
    ...init,
    headers,
    cache: 'no-store',
    redirect: 'error',
  }).catch((cause: unknown) => {
    if (!(cause instanceof DOMException)) offlineSince.value ??= timeNow();
    throw new ApiError('unreachable', 'The app cannot be reached.', { cause });
  });
  offlineSince.value = null;
  if (response.status === 401) {
    refuseKey();
    throw new ApiError('refused', 'The app asks for a function key.', { status: 401 });
  }
  return response;
}

function refuseKey(): void {
  keyState.value = key.value === null ? 'missing' : 'wrong';
}

/** @throws ApiError for an answer other than success */
export async function successOf(response: Response): Promise<Response> {
  if (response.ok) return response;
  const problem = (await response.json().catch(() => null)) as {
    title?: string;
    detail?: string;
  } | null;
  throw new ApiError(
    'refused',
    problem?.detail ?? `The app answered with status ${response.status}.`,
    {
      status: response.status,
      ...(problem?.title !== undefined && { title: problem.title }),
    },
  );
}
