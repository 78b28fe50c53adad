import { randomUUID } from 'node:crypto';
import { modelInUse, type RegisteredFunction, type Registry } from './core';
import type {
  CoreInvocationContext,
  InvocationResponse,
  NamedData,
  RetryContext,
  TypedData,
} from './wire';

export interface Invocation {
  readonly inputs: readonly NamedData[];
  readonly triggerMetadata?: Readonly<Record<string, TypedData>>;
  readonly retryContext?: RetryContext;
  /** Given when the caller needs it before the function runs. Default: a new id. */
  readonly invocationId?: string;
}

/**
 * Runs a function once, in the order of the real worker: arguments, hooks before, handler, hooks
 * after, response. Rejects with the error that the function (or a hook) threw.
 */
export async function invoke(
  registry: Registry,
  fn: RegisteredFunction,
  invocation: Invocation,
): Promise<InvocationResponse> {
  const programmingModel = modelInUse();
  if (programmingModel === undefined) throw new Error('The app registered no programming model.');

  const shared: SharedByHooks = {
    hookData: {},
    appHookData: registry.appHookData,
    invocationContext: undefined,
  };
  const coreContext = newContext(registry, fn, invocation, shared);
  const model = programmingModel.getInvocationModel(coreContext);
  const { context, inputs } = await model.getArguments();
  shared.invocationContext = context;

  const before = { ...shared, functionCallback: fn.callback, inputs };
  coreContext.state = 'preInvocationHooks';
  if (registry.hasHooks('preInvocation')) await registry.runHooks('preInvocation', before);

  const after: AfterInvocation = { ...shared, inputs: before.inputs, result: null, error: null };
  coreContext.state = 'invocation';
  try {
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    after.error = error;
  }
  coreContext.state = 'postInvocationHooks';
  if (registry.hasHooks('postInvocation')) await registry.runHooks('postInvocation', after);
  coreContext.state = undefined;

  // The app may throw any value; it is passed on unchanged.
  if (after.error !== null && after.error !== undefined) throw after.error;
  return model.getResponse(context, after.result);
}

interface SharedByHooks {
  readonly hookData: Record<string, unknown>;
  readonly appHookData: Record<string, unknown>;
  invocationContext: unknown;
}

interface AfterInvocation extends SharedByHooks {
  result: unknown;
  error: unknown;
  readonly inputs: unknown[];
}

function newContext(
  registry: Registry,
  fn: RegisteredFunction,
  invocation: Invocation,
  shared: SharedByHooks,
): CoreInvocationContext {
  const invocationId = invocation.invocationId ?? randomUUID();
  return {
    invocationId,
    metadata: fn.metadata,
    state: undefined,
    request: {
      invocationId,
      functionId: fn.id,
      inputData: invocation.inputs,
      triggerMetadata: invocation.triggerMetadata ?? {},
      retryContext: invocation.retryContext ?? null,
      traceContext: { traceParent: traceParentOf(invocationId), traceState: '', attributes: {} },
    },
    log: (level, category, message) => {
      const { invocationContext } = shared;
      registry.log({ level, category, message, functionName: fn.name, invocationContext });
    },
  };
}

/** W3C trace context, version 00, not sampled: each invocation starts a new trace. */
function traceParentOf(invocationId: string): string {
  const hex = invocationId.replaceAll('-', '');
  return `00-${hex}-${hex.slice(16)}-00`;
}
