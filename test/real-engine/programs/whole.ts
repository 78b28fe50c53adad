import * as df from 'durable-functions';
import { after, type Step } from './steps';

/** Orchestrators whose whole histories are facts: one thing after another. */
export function registerWhole(): void {
  df.app.orchestration('everything', function* (context): Step {
    const said: string = yield context.df.callActivity('say', 'x');
    const errors: string[] = [];
    try {
      yield context.df.callActivity('boom', { some: 'input' });
    } catch (error) {
      errors.push((error as Error).message);
    }
    yield context.df.createTimer(after(context, 1));
    const { instanceId } = context.df;
    const slept: string = yield context.df.callSubOrchestrator(
      'sleeps',
      { seconds: 1 },
      `${instanceId}-child`,
    );
    try {
      yield context.df.callSubOrchestrator('fails', null, `${instanceId}-failing`);
    } catch (error) {
      errors.push((error as Error).message);
    }
    context.df.setCustomStatus('waiting');
    const event: unknown = yield context.df.waitForExternalEvent('go');
    return { said, slept, event, errors };
  });
  df.app.orchestration('longTimer', function* (context): Step {
    context.df.setCustomStatus('waiting');
    const timer = context.df.createTimer(after(context, 7 * 86_400));
    yield context.df.Task.any([timer, context.df.waitForExternalEvent('go')]);
    timer.cancel();
    context.df.setCustomStatus('waiting again');
    yield context.df.waitForExternalEvent('end');
    return 'done';
  });
  df.app.orchestration('generations', function* (context): Step {
    const generation = context.df.getInput<number>();
    if (generation === 0) {
      context.df.setCustomStatus('zero');
      yield context.df.callActivity('say', 'x');
      context.df.continueAsNew(1);
      return undefined;
    }
    yield context.df.waitForExternalEvent('first');
    yield context.df.waitForExternalEvent('second');
    if (generation === 1) context.df.continueAsNew(2);
    return 'done';
  });
  df.app.orchestration('eventBeforeWait', function* (context): Step {
    context.df.setCustomStatus('waiting');
    yield context.df.waitForExternalEvent('go');
    const early: unknown = yield context.df.waitForExternalEvent('early');
    const again: unknown = yield context.df.waitForExternalEvent('early');
    return [early, again];
  });
  df.app.orchestration('parentOfWaiting', function* (context): Step {
    const child = context.df.callSubOrchestrator('waits', null, `${context.df.instanceId}-child`);
    yield context.df.Task.all([child, context.df.callActivity('say', 'x')]);
    return 'done';
  });
}
