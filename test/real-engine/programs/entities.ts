import * as df from 'durable-functions';
import type { EntityContext } from 'durable-functions';
import { after, type Step } from './steps';

function counter({ df: entity }: EntityContext<number>): void {
  const count = entity.getState(() => 0) ?? 0;
  switch (entity.operationName) {
    case 'add':
      entity.setState(count + (entity.getInput<number>() ?? 0));
      return;
    case 'get':
      entity.return(count);
      return;
    case 'isNew':
      entity.return(entity.isNewlyConstructed);
      return;
    case 'delete':
      entity.destructOnExit();
      return;
    default:
      throw new Error('no such operation');
  }
}

export function registerEntities(): void {
  df.app.entity('Counter', counter);
  df.app.orchestration('adds', function* (context): Step {
    const id = new df.EntityId('Counter', context.df.instanceId);
    const isNew: boolean = yield context.df.callEntity(id, 'isNew');
    context.df.signalEntity(id, 'add', 5);
    yield context.df.callActivity('say', 'x');
    yield context.df.callEntity(id, 'add', 2);
    return { isNew, count: yield context.df.callEntity(id, 'get') };
  });
  df.app.orchestration('asksWrongly', function* (context): Step {
    const id = new df.EntityId('Counter', context.df.instanceId);
    yield context.df.callEntity(id, 'add', 1);
    let message = 'no error';
    try {
      yield context.df.callEntity(id, 'dance');
    } catch (error) {
      message = (error as Error).message;
    }
    return { message, count: yield context.df.callEntity(id, 'get') };
  });
  df.app.orchestration('transfers', function* (context): Step {
    const { from, to } = context.df.getInput<{ from: string; to: string }>();
    const [source, target] = [new df.EntityId('Counter', from), new df.EntityId('Counter', to)];
    const lock: df.DurableLock = yield context.df.lock(source, target);
    const [a, b]: [number, number] = [
      yield context.df.callEntity(source, 'get'),
      yield context.df.callEntity(target, 'get'),
    ];
    yield context.df.createTimer(after(context, 1));
    yield context.df.callEntity(source, 'add', -1);
    yield context.df.callEntity(target, 'add', 1);
    const isKept =
      ((yield context.df.callEntity(source, 'get')) as number) === a - 1 &&
      ((yield context.df.callEntity(target, 'get')) as number) === b + 1;
    lock.release();
    return isKept;
  });
  df.app.orchestration('forgetsLock', function* (context): Step {
    const { key } = context.df.getInput<{ key: string }>();
    yield context.df.lock(new df.EntityId('Counter', key));
    return context.df.isLocked().isLocked;
  });
}
