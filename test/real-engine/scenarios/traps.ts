import { endOf, isInOrder, isOf, stepsOf } from '../facts';
import { changed } from '../programs/traps';
import type { Hub } from '../hub';
import type { Scenarios } from './scenario';

/** Task.any, Task.all, retries, changed code: in which order the extension and the library work. */
export const traps: Scenarios = {
  'a timer that nobody cancels keeps its instance running until it fires': async (hub, id) => {
    const { historyEvents, ...status } = await hub.run('leaksTimer', id);
    const types = historyEvents.map(({ EventType }) => String(EventType)).sort();
    return { ...endOf({ historyEvents, ...status }), types };
  },
  'a loser of Task.any that continues keeps its instance running': async (hub, id) => {
    const { historyEvents, ...status } = await hub.run('loserEnds', id);
    const types = historyEvents.map(({ EventType }) => String(EventType)).sort();
    return { ...endOf({ historyEvents, ...status }), types };
  },
  'after a failed Task.all nothing starts before every sibling has ended': async (hub, id) => {
    const end = endOf(await hub.run('allWithFailure', id));
    const compensatesLast = isInOrder(
      hub.history(id),
      isOf('SubOrchestrationInstanceCompleted'),
      isOf('TaskScheduled', 'say'),
    );
    return { ...end, compensatesLast };
  },
  'each task of a failed Task.all can be yielded by itself': async (hub, id) =>
    endOf(await hub.run('allSettled', id)),
  'a retried activity that races a timer fails its instance after a retry': async (hub, id) =>
    endOf(await hub.run('racesRetry', id)),
  'a child with the retries can race a timer': async (hub, id) =>
    endOf(await hub.run('racesChild', id)),
  'an exhausted retry fails with the error of the activity, and work can follow': async (
    hub,
    id,
  ) => {
    const end = endOf(await hub.run('retriesInVain', id));
    return { ...end, types: stepsOf(hub.history(id)) };
  },
  'an instance whose code changes fails, and names the work of the old code': async (hub, id) => {
    await hub.start('changes', id);
    await hub.shows(id, 'waiting');
    changed.add(id);
    await hub.raiseEvent(id, 'go');
    return endOf(await hub.ended(id));
  },
  'code that schedules the same work may change': async (hub, id) => {
    await hub.start('changesResult', id);
    await hub.shows(id, 'waiting');
    changed.add(id);
    await hub.raiseEvent(id, 'go');
    return endOf(await hub.ended(id));
  },
  'a custom status of less than 17 KB is accepted': async (hub, id) => {
    const { customStatus, ...end } = endOf(await hub.run('bigStatus', id, 8701));
    return { ...end, length: (customStatus as string).length };
  },
  'a custom status of 17 KB fails its instance': async (hub, id) =>
    endOf(await hub.run('bigStatus', id, 8702)),
  'a child with the id of its parent': (hub, id) => poked(hub, 'ownChild', id),
  'a call of an activity that does not exist': (hub, id) =>
    poked(hub, 'asksNobody', id, 'activity'),
  'a call of a child that does not exist': (hub, id) => poked(hub, 'asksNobody', id, 'child'),
  'a call of an entity that does not exist': (hub, id) => poked(hub, 'asksNobody', id, 'entity'),
};

/** Starts an instance that may wait forever: an event shows that it has had a second turn. */
async function poked(hub: Hub, name: string, id: string, input?: unknown): Promise<unknown> {
  await hub.start(name, id, input);
  await hub.until(id, () => hub.turns(id).length > 0);
  await hub.request(`POST instances/${id}/raiseEvent/poke`, 1);
  const isPoked = () => hub.history(id).some(isOf('EventRaised'));
  const status = await hub.until(
    id,
    ({ runtimeStatus }) => isPoked() || runtimeStatus === 'Failed',
  );
  const types = stepsOf(hub.history(id));
  return { ...endOf(status), types };
}
