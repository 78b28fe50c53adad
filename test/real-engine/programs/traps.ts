import * as df from 'durable-functions';
import type { Task } from 'durable-functions';
import { after, type Step } from './steps';

/** Orchestrators in which library and extension could disagree, or have. */
export function registerTraps(): void {
  registerRaces();
  registerRetries();
  registerChange();
}

/** Instances for which the code has changed since they were started. */
export const changed = new Set<string>();

function registerRaces(): void {
  df.app.orchestration('leaksTimer', function* (context): Step {
    context.df.createTimer(after(context, 2));
    const timer = context.df.createTimer(after(context, 2));
    yield context.df.Task.any([context.df.callActivity('say', 'x'), timer]);
    return 'done';
  });
  df.app.orchestration('loserEnds', function* (context): Step {
    const child = context.df.callSubOrchestrator('sleeps', { seconds: 2 });
    yield context.df.Task.any([context.df.callActivity('say', 'x'), child]);
    return 'done';
  });
  df.app.orchestration('allWithFailure', function* (context): Step {
    const slow = context.df.callSubOrchestrator('sleeps', { seconds: 2 });
    try {
      yield context.df.Task.all([slow, context.df.callActivity('boom')]);
    } catch {
      yield context.df.callActivity('say', 'compensated');
    }
    return 'done';
  });
}

function registerRetries(): void {
  const retry = new df.RetryOptions(1000, 3);
  df.app.orchestration('allSettled', function* (context): Step {
    const tasks = [
      context.df.callActivityWithRetry('boom', retry),
      context.df.callActivity('boom'),
    ];
    const errors: string[] = [];
    try {
      yield context.df.Task.all(tasks);
    } catch {
      // Each task is yielded below.
    }
    for (const task of tasks) {
      try {
        yield task;
      } catch (error) {
        errors.push((error as Error).message);
      }
    }
    return { errors, said: yield context.df.callActivity('say', 'compensated') };
  });
  df.app.orchestration('racesRetry', function* (context): Step {
    const timer = context.df.createTimer(after(context, 86_400));
    const retried = context.df.callActivityWithRetry('flaky', retry, context.df.instanceId);
    yield context.df.Task.any([retried, timer]);
    timer.cancel();
    return yield context.df.callActivity('say', 'after');
  });
  df.app.orchestration('racesChild', function* (context): Step {
    const timer = context.df.createTimer(after(context, 86_400));
    const retried = context.df.callSubOrchestrator('retriesInside', context.df.instanceId);
    yield context.df.Task.any([retried, timer]);
    timer.cancel();
    return yield context.df.callActivity('say', 'after');
  });
  df.app.orchestration('retriesInside', function* (context): Step {
    return yield context.df.callActivityWithRetry('flaky', retry, context.df.getInput());
  });
  df.app.orchestration('retriesInVain', function* (context): Step {
    try {
      yield context.df.callActivityWithRetry('boom', new df.RetryOptions(1000, 2));
    } catch (error) {
      const said: string = yield context.df.callActivity('say', 'after');
      return { error: (error as Error).message, said };
    }
    return 'no error';
  });
}

function registerChange(): void {
  df.app.orchestration('changes', function* (context): Step {
    const { instanceId } = context.df;
    if (changed.has(instanceId)) {
      yield context.df.createTimer(after(context, 10));
      return 'the new code';
    }
    yield context.df.callActivity('say', 'one');
    context.df.setCustomStatus('waiting');
    yield context.df.waitForExternalEvent('go');
    return 'the old code';
  });
  df.app.orchestration('changesResult', function* (context): Step {
    const said: string = yield context.df.callActivity('say', 'one');
    context.df.setCustomStatus('waiting');
    yield context.df.waitForExternalEvent('go');
    return changed.has(context.df.instanceId) ? `new: ${said}` : `old: ${said}`;
  });
  df.app.orchestration('ownChild', function* (context): Step {
    return yield context.df.callSubOrchestrator('sleeps', { seconds: 1 }, context.df.instanceId);
  });
  df.app.orchestration('asksNobody', function* (context): Step {
    const kind = context.df.getInput<'activity' | 'child' | 'entity'>();
    const tasks = {
      activity: () => context.df.callActivity('nobody', 1),
      child: () => context.df.callSubOrchestrator('nobody', 1),
      entity: () => context.df.callEntity(new df.EntityId('nobody', 'x'), 'get'),
    };
    return yield tasks[kind]();
  });
  df.app.orchestration('bigStatus', function* (context): Step {
    context.df.setCustomStatus('x'.repeat(context.df.getInput<number>()));
    const said: string = yield context.df.callActivity('say', 'x');
    return said;
  });
  df.app.orchestration('losesEvents', function* (context): Step {
    const { round } = context.df.getInput<{ round: number }>();
    if (round === 2) {
      const timer = context.df.createTimer(after(context, 5));
      const event = context.df.waitForExternalEvent('unread');
      const winner: Task = yield context.df.Task.any([event, timer]);
      if (winner === event) timer.cancel();
      return winner === timer ? 'lost' : 'kept';
    }
    context.df.setCustomStatus('waiting');
    yield context.df.waitForExternalEvent('go');
    context.df.continueAsNew({ round: 2 });
    return undefined;
  });
}
