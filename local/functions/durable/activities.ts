import { formatError, stackOf } from '../../errors';
import { jsonTextOf, type TypedData } from '../wire';
import { type DurableFunctions } from './orchestration-turn';
import { EventType, type FailureDetails, type TaskEnded } from './history';
import { HTTP_ACTIVITY } from './http-call';
import { HttpFailure, sendHttp } from './http-activity';
import type { Activity } from './records';
import { unknownFunction } from './unknown-function';

export interface ActivityRun {
  readonly instanceId: string;
  readonly task: number;
  readonly activity: Activity;
}

/** Runs an activity once and returns its end as the event that its orchestration reads. */
export async function runActivity(
  { instanceId, task, activity }: ActivityRun,
  functions: DurableFunctions,
  now: () => Date,
): Promise<TaskEnded> {
  const { name, input } = activity;
  try {
    const result =
      name === HTTP_ACTIVITY
        ? await sendHttp(input)
        : await call(name, input, instanceId, functions);
    return { ...endOf(task, now()), EventType: EventType.TaskCompleted, Result: result };
  } catch (error) {
    return taskFailed(name, task, error, now());
  }
}

/** Returns the end of a failed activity. */
export function taskFailed(name: string, task: number, error: unknown, at: Date): TaskEnded {
  const message = formatError(error);
  const end = { ...endOf(task, at), EventType: EventType.TaskFailed };
  const details = detailsIn(message);
  if (details !== null) {
    const reason = `Activity function '${name}' failed with an unhandled exception.`;
    return { ...end, Reason: reason, Details: null, FailureDetails: details };
  }
  return {
    ...end,
    Reason: error instanceof HttpFailure ? message : reasonOf(name, message),
    Details: serialized(message, stackOf(error)),
    FailureDetails: null,
  };
}

function endOf(task: number, at: Date) {
  return { EventId: -1, Timestamp: at.toISOString(), TaskScheduledId: task };
}

/** Two spaces: the text of an error from the worker starts with one. */
function reasonOf(name: string, message: string): string {
  return `Activity function '${name}' failed:  ${message}`;
}

async function call(
  name: string,
  input: unknown,
  instanceId: string,
  functions: DurableFunctions,
): Promise<string | null> {
  if (!functions.has('activity', name))
    throw new Error(unknownFunction('activity', name, { functions }));
  return jsonTextOf(
    (await functions.run('activity', name, instanceId, activityInput(input))).returnValue,
  );
}

/** An activity's input reaches Node as text, converted from JSON as .NET does. */
function activityInput(input: unknown): TypedData {
  if (input === null || input === undefined) return {};
  if (typeof input === 'string') return { string: input };
  if (typeof input === 'boolean') return { string: input ? 'True' : 'False' };
  return { string: JSON.stringify(input) };
}

/** The form in which the extension stores an exception. */
function serialized(message: string, stack: string): string {
  return JSON.stringify({
    $type: 'System.Exception, System.Private.CoreLib',
    ClassName: 'System.Exception',
    Message: ` ${message}`,
    Data: null,
    InnerException: null,
    HelpURL: null,
    StackTraceString: stack,
    HResult: -2146233088,
    Source: null,
  });
}

/**
 * For an app with an exception properties provider, the library writes a failure as JSON into the
 * message.
 */
function detailsIn(message: string): FailureDetails | null {
  if (!message.startsWith('{"errorType":')) return null;
  try {
    const { errorType, errorMessage, stackTrace, isNonRetriable, properties } = JSON.parse(
      message,
    ) as WrittenFailure;
    return {
      ErrorType: errorType,
      ErrorMessage: errorMessage,
      IsNonRetriable: isNonRetriable === true,
      ...(stackTrace === undefined ? {} : { StackTrace: stackTrace }),
      ...(properties === undefined ? {} : { Properties: properties }),
    };
  } catch {
    return null;
  }
}

interface WrittenFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stackTrace?: string;
  readonly isNonRetriable?: boolean;
  readonly properties?: Readonly<Record<string, unknown>>;
}
