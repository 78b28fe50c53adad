import { batch, signal, type Signal } from '@preact/signals';
import { ApiError } from '../../client/api-error';
import { noteAppTime, timeNow } from './clock';
import { request, successOf } from './connection';
import { pollDelayMs } from './poll-delay';

/** An answer of the app that is kept up to date while a view shows it. */
export interface Query<Data> {
  /** Changes only when the app sends another version. */
  readonly data: Signal<Data | null>;
  readonly error: Signal<ApiError | null>;
  /** The instant of the last answer, also of one that said that nothing has changed. */
  readonly receivedAt: Signal<number | null>;
  /** Fetches now. */
  refresh(): void;
}

export interface PolledQuery<Data> extends Query<Data> {
  /** Polls until the returned function is called. */
  watch(isActive: (data: Data) => boolean): () => void;
}

interface State {
  etag: string | null;
  timer: ReturnType<typeof setTimeout> | undefined;
  failures: number;
  unseen: number;
  isFetching: boolean;
  readonly watchers: Set<(data: never) => boolean>;
}

const MAX_KEPT = 50;
const kept = new Map<string, PolledQuery<unknown>>();

/** The query of a path. A view that comes back shows what it showed before, and then what is new. */
export function queryOf<Data>(path: string): PolledQuery<Data> {
  const known = kept.get(path) as PolledQuery<Data> | undefined;
  if (known !== undefined) return known;
  const opened = openQuery<Data>(path);
  kept.set(path, opened);
  const [oldest] = kept.keys();
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  return opened;
}

/** Fetches everything that is shown again. */
export function refreshAll(): void {
  for (const query of kept.values()) query.refresh();
}

function openQuery<Data>(path: string): PolledQuery<Data> {
  const cells = {
    data: signal<Data | null>(null),
    error: signal<ApiError | null>(null),
    receivedAt: signal<number | null>(null),
  };
  const state = newState();
  const poll = async (): Promise<void> => {
    if (state.watchers.size === 0 || state.isFetching) return;
    clearTimeout(state.timer);
    state.isFetching = true;
    await fetchInto(path, cells, state);
    state.isFetching = false;
    if (state.watchers.size > 0) state.timer = setTimeout(next, delayOf(cells.data.value, state));
  };
  const next = (): void => void poll();
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    state.unseen = 0;
    next();
  });
  return {
    ...cells,
    refresh: next,
    watch: (isActive) => {
      state.watchers.add(isActive);
      next();
      return () => {
        state.watchers.delete(isActive);
        if (state.watchers.size === 0) clearTimeout(state.timer);
      };
    },
  };
}

function newState(): State {
  return {
    etag: null,
    timer: undefined,
    failures: 0,
    unseen: 0,
    isFetching: false,
    watchers: new Set(),
  };
}

function delayOf<Data>(data: Data | null, state: State): number {
  const isVisible = !document.hidden;
  const { failures, unseen, watchers } = state;
  if (!isVisible) state.unseen += 1;
  const isActive =
    data !== null && [...watchers].some((one) => (one as (data: Data) => boolean)(data));
  return pollDelayMs({ isActive, isVisible, failures, unseen });
}

async function fetchInto<Data>(
  path: string,
  { data, error, receivedAt }: Omit<Query<Data>, 'refresh'>,
  state: State,
): Promise<void> {
  try {
    const headers = state.etag === null ? {} : { 'if-none-match': state.etag };
    const response = await request(path, { headers });
    const isSame = response.status === 304;
    const fresh = isSame ? data.value : ((await (await successOf(response)).json()) as Data);
    state.etag = response.headers.get('etag');
    state.failures = 0;
    batch(() => {
      if (!isSame) noteTimeIn(fresh);
      data.value = fresh;
      error.value = null;
      receivedAt.value = timeNow();
    });
  } catch (cause) {
    state.failures += 1;
    error.value = errorOf(cause);
  }
}

export function errorOf(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  return new ApiError('notTheApp', 'The answer cannot be read.', { cause });
}

function noteTimeIn(answer: unknown): void {
  const { asOf } = answer as { readonly asOf?: unknown };
  if (typeof asOf === 'string') noteAppTime(asOf);
}
