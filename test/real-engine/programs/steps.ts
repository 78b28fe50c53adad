import * as df from 'durable-functions';
import type { OrchestrationContext, Task } from 'durable-functions';

export type Step<T = unknown> = Generator<Task, T, never>;

export function after(context: OrchestrationContext, seconds: number): Date {
  return new Date(context.df.currentUtcDateTime.getTime() + seconds * 1000);
}

const attempts = new Map<string, number>();

/** Activities that several programs call. */
export function registerSteps(): void {
  df.app.activity('say', { handler: (name: string) => `Hello, ${name}` });
  df.app.activity('boom', {
    handler: () => {
      throw new Error('it broke');
    },
  });
  df.app.activity('flaky', {
    handler: (id: string) => {
      const attempt = (attempts.get(id) ?? 0) + 1;
      attempts.set(id, attempt);
      if (attempt === 1) throw new Error('first attempt');
      return attempt;
    },
  });
  df.app.orchestration('sleeps', function* (context): Step {
    const { seconds } = context.df.getInput<{ seconds: number }>();
    yield context.df.createTimer(after(context, seconds));
    return 'slept';
  });
  df.app.orchestration('fails', function* (context): Step {
    yield context.df.callActivity('say', 'x');
    throw new Error('the child broke');
  });
  df.app.orchestration('waits', function* (context): Step {
    context.df.setCustomStatus('waiting');
    return yield context.df.waitForExternalEvent('go');
  });
  df.app.orchestration('rewinds', function* (context): Step {
    yield context.df.callActivity('say', 'x');
    return yield context.df.callSubOrchestrator('rewindsInside', context.df.instanceId);
  });
  df.app.orchestration('rewindsInside', function* (context): Step {
    return yield context.df.callActivity('flaky', context.df.getInput());
  });
  df.app.orchestration('echoes', function* (context): Step {
    return yield context.df.callActivity('echo', context.df.getInput());
  });
  df.app.activity('echo', { handler: (input: unknown) => input });
}
