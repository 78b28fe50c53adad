import { createHash } from 'node:crypto';
import {
  ActionType,
  type Action,
  type ChildAction,
  type EntityAction,
  type EntityName,
  type HttpRequestAction,
  type Retry,
} from './actions';
import { Future, run, type Routine } from './future';
import { HTTP_ACTIVITY, pollAfter, pollRequest } from './http-call';
import type { TurnIdentity, Work } from './turn-work';

/** The services of the replay that an action is issued in. */
export interface Issuer {
  /** The orchestration's time, in Unix milliseconds. */
  readonly now: number;
  readonly identity: TurnIdentity;
  /** The number of the next work. */
  readonly nextId: number;
  heldLock: { readonly id: string; readonly entities: readonly EntityName[] } | undefined;
  /** Assigns the next number to the work. Every attempt and every part of an action takes one. */
  issue(work: Work): Future;
  issueCancelledTimer(fireAt: number): Future;
  waitFor(event: string): Future;
  continueAsNew(input: unknown): void;
  releaseLock(): void;
  /** Ends the turn: the instance fails. */
  fail(message: string): void;
}

/** Starts one action; the returned future settles when the action has ended. */
export function begin(action: Action, turn: Issuer): Future {
  const start = BEGINNINGS[action.actionType] as Beginning<Action> | undefined;
  if (start !== undefined) return start(action, turn);
  turn.fail(
    `Received an unexpected action type from the out-of-proc function: '${String(action.actionType)}'.`,
  );
  return Future.done();
}

type Beginning<A> = (action: A, turn: Issuer) => Future;

type Beginnings = {
  readonly [Type in Action['actionType']]: Beginning<Extract<Action, { actionType: Type }>>;
};

const BEGINNINGS: Beginnings = {
  [ActionType.CallActivity]: (action, turn) => turn.issue(activity(action)),
  [ActionType.CallActivityWithRetry]: (action, turn) =>
    run(retried(() => turn.issue(activity(action)), action.retryOptions, turn)),
  [ActionType.CallSubOrchestrator]: child,
  [ActionType.CallSubOrchestratorWithRetry]: (action, turn) =>
    run(retried(() => child(action, turn), action.retryOptions, turn)),
  [ActionType.CreateTimer]: ({ fireAt, isCanceled }, turn) =>
    run(timer(Date.parse(fireAt), isCanceled === true, turn)),
  [ActionType.WaitForExternalEvent]: ({ externalEventName }, turn) =>
    turn.waitFor(externalEventName),
  [ActionType.ContinueAsNew]: ({ input }, turn) => atOnce(() => turn.continueAsNew(input)),
  [ActionType.WhenAll]: ({ compoundActions }, turn) =>
    whenAll(compoundActions.map((each) => begin(each, turn))),
  [ActionType.WhenAny]: ({ compoundActions }, turn) =>
    whenAny(compoundActions.map((each) => begin(each, turn))),
  [ActionType.CallHttp]: ({ httpRequest }, turn) => run(httpCall(httpRequest, turn)),
  [ActionType.CallEntity]: (action, turn) => turn.waitFor(sendOperation(action, false, turn)),
  [ActionType.SignalEntity]: (action, turn) => atOnce(() => sendOperation(action, true, turn)),
  [ActionType.LockEntities]: ({ lockSet, lockRequestId }, turn) =>
    run(lock(lockSet, lockRequestId, turn)),
  [ActionType.ReleaseEntities]: (_, turn) => atOnce(() => turn.releaseLock()),
};

function atOnce(act: () => unknown): Future {
  act();
  return Future.done();
}

function activity(action: { readonly functionName: string; readonly input?: unknown }): Work {
  return { kind: 'activity', name: action.functionName, input: action.input };
}

function child(action: ChildAction, turn: Issuer): Future {
  const { instanceId, parentId } = turn.identity;
  // A missing id, null and the empty string all mean a generated id.
  const id = action.instanceId || undefined;
  // Unlike Azure: there the instance then waits forever; here it fails.
  if (id !== undefined && [instanceId, parentId].some((other) => sameId(other, id)))
    turn.fail(
      'The instance ID of a sub-orchestration must be different than the instance ID of a parent orchestration.',
    );
  return turn.issue({
    kind: 'child',
    name: action.functionName,
    input: action.input,
    version: action.version,
    instanceId: id,
  });
}

function sameId(a: string | undefined, b: string): boolean {
  return a?.toLowerCase() === b.toLowerCase();
}

const DAY = 24 * 3_600_000;
/** Storage can hide a message for at most 7 days; longer timers are split into parts of 3 days. */
const LONGEST_TIMER = 6 * DAY;
const TIMER_PART = 3 * DAY;

function* timer(fireAt: number, isCancelled: boolean, turn: Issuer): Routine {
  const isLong = fireAt - turn.now > LONGEST_TIMER;
  if (isCancelled) return yield turn.issueCancelledTimer(isLong ? turn.now + TIMER_PART : fireAt);
  if (!isLong) return yield turn.issue({ kind: 'timer', fireAt });

  for (;;) {
    const part = Math.min(fireAt, turn.now + TIMER_PART);
    const outcome = yield turn.issue({ kind: 'timer', fireAt: part });
    if (turn.now >= fireAt) return outcome;
  }
}

function* retried(attempt: () => Future, retry: Retry, turn: Issuer): Routine {
  const firstAttempt = turn.now;
  for (let n = 1; ; n++) {
    const outcome = yield attempt();
    if (!outcome.failed) return outcome;

    // Histories contain one more timer after the last failure, scheduled for the same instant.
    if (n >= retry.maxNumberOfAttempts) {
      yield turn.issue({ kind: 'timer', fireAt: turn.now });
      return outcome;
    }
    const isTimedOut =
      retry.retryTimeoutInMilliseconds !== undefined &&
      turn.now >= firstAttempt + retry.retryTimeoutInMilliseconds;
    if (isTimedOut) return outcome;
    yield turn.issue({ kind: 'timer', fireAt: turn.now + delayAfter(n, retry) });
  }
}

function delayAfter(attempt: number, retry: Retry): number {
  const delay =
    retry.firstRetryIntervalInMilliseconds * (retry.backoffCoefficient ?? 1) ** (attempt - 1);
  return Math.min(delay, retry.maxRetryIntervalInMilliseconds ?? LONGEST_TIMER);
}

/** Waits for every child, also after one has failed. */
function whenAll(children: readonly Future[]): Future {
  const all = new Future();
  let left = children.length;
  let failed = false;
  if (left === 0) return Future.done();
  for (const each of children)
    each.whenSettled(() => {
      failed ||= each.outcome?.failed === true;
      if (--left === 0) all.settle({ failed });
    });
  return all;
}

/** Is satisfied by the first child that ends, also by failure or cancellation. */
function whenAny(children: readonly Future[]): Future {
  const any = new Future();
  for (const each of children) each.whenSettled(() => any.settle({ failed: false }));
  return any;
}

function* httpCall(request: HttpRequestAction, turn: Issuer): Routine {
  const send = (input: unknown) => turn.issue({ kind: 'activity', name: HTTP_ACTIVITY, input });
  let outcome = yield send(request);
  while (!outcome.failed && request.asynchronousPatternEnabled !== false) {
    const answer = pollAfter(outcome.value, turn.identity.httpPollMs);
    if (answer === undefined) break;
    yield turn.issue({ kind: 'timer', fireAt: turn.now + answer.waitMs });
    if (answer.location === undefined) break;
    outcome = yield send(pollRequest(request, answer.location));
  }
  return outcome;
}

/** Sends an operation to an entity and returns the name of the response event. */
function sendOperation(action: EntityAction, isSignal: boolean, turn: Issuer): string {
  const id = requestId(turn);
  const request = {
    op: action.operation,
    ...(isSignal ? { signal: true } : {}),
    ...(action.input === undefined ? {} : { input: JSON.stringify(action.input) }),
    id,
    parent: turn.identity.instanceId,
    parentExecution: turn.identity.executionId,
  };
  turn.issue({
    kind: 'event',
    instanceId: action.instanceId,
    name: 'op',
    input: JSON.stringify(request),
  });
  return id;
}

/**
 * Locks are acquired one after the other, each entity passing the request to the next, so that two
 * orchestrations cannot deadlock. The last entity sends the response.
 */
function* lock(entities: readonly EntityName[], id: string, turn: Issuer): Routine {
  const [first] = entities;
  if (first === undefined) return { failed: true };
  const request = {
    op: null,
    id,
    parent: turn.identity.instanceId,
    parentExecution: turn.identity.executionId,
    lockset: entities,
    pos: 0,
  };
  turn.issue({
    kind: 'event',
    instanceId: `@${first.name.toLowerCase()}@${first.key}`,
    name: 'op',
    input: JSON.stringify(request),
  });
  const outcome = yield turn.waitFor(id);
  turn.heldLock = { id, entities };
  return outcome;
}

/** Deterministic: derived from the execution and the number of the message. */
function requestId({ identity, nextId }: Issuer): string {
  const hash = createHash('sha1').update(`${identity.executionId}:${nextId}`).digest('hex');
  return [8, 12, 16, 20, 32]
    .map((end, i, ends) => hash.slice(i === 0 ? 0 : ends[i - 1], end))
    .join('-');
}
