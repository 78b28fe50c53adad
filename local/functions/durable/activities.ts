import { formatError, stackOf } from '../../errors';
import { jsonTextOf, type TypedData } from '../wire';
import { unknownFunction, type DurableFunctions } from './episode';
import { EventType, type FailureDetails, type TaskEnded } from './history';
import { HTTP_ACTIVITY } from './http-call';
import { HttpFailure, sendHttp } from './http-activity';
import type { Activity } from './records';

export interface ActivityRun {
  readonly instanceId: string;
  readonly task: number;
  readonly activity: Activity;
}

/** Runs an activity once and says how it ended, as the event its orchestration will read. */
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

/** The end of an activity that failed with this. */
export function taskFailed(name: string, task: number, error: unknown, at: Date): TaskEnded {
  const message = formatError(error);
  return {
    ...endOf(task, at),
    EventType: EventType.TaskFailed,
    Reason: error instanceof HttpFailure ? message : reasonOf(name, message),
    Details: serialized(message, stackOf(error)),
    FailureDetails: detailsIn(message),
  };
}

function endOf(task: number, at: Date) {
  return { EventId: -1, Timestamp: at.toISOString(), TaskScheduledId: task };
}

/** Two spaces: the text of an error from the worker begins with one. */
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

/** An activity's input reaches Node as text, turned from JSON the .NET way. */
function activityInput(input: unknown): TypedData {
  if (input === null || input === undefined) return {};
  if (typeof input === 'string') return { string: input };
  if (typeof input === 'boolean') return { string: input ? 'True' : 'False' };
  return { string: JSON.stringify(input) };
}

/** How the extension keeps an exception. */
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
 * An app with an exception properties provider has the library write a failure as JSON into the
 * message. Unconfirmed: how the extension passes it on; read from the library's other end.
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
