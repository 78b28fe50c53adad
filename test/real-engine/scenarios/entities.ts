import { endOf, replyFacts } from '../facts';
import type { Scenarios } from './scenario';

export const entities: Scenarios = {
  'calls and signals reach an entity in the order they were sent': async (hub, id) =>
    endOf(await hub.run('adds', id)),
  'an operation that throws fails its caller and leaves the entity as it was': async (hub, id) =>
    endOf(await hub.run('asksWrongly', id)),
  'locks keep other orchestrations away': async (hub, id) => {
    const ids = [0, 1, 2].map((n) => `${id}-${n}`);
    const keys = [`${id}a`, `${id}b`] as const;
    for (const [n, each] of ids.entries()) {
      const [from, to] = n % 2 === 0 ? keys : keys.toReversed();
      await hub.start('transfers', each, { from, to });
    }
    return Promise.all(ids.map(async (each) => endOf(await hub.ended(each))));
  },
  'a lock that an orchestration does not release is released when it ends': async (hub, id) => {
    const first = endOf(await hub.run('forgetsLock', `${id}-1`, { key: id }));
    return [first, endOf(await hub.run('forgetsLock', `${id}-2`, { key: id }))];
  },
  'a client signals an entity and reads its state': async (hub, id) => {
    const before = replyFacts(await hub.request(`GET entities/counter/${id}`));
    const signalled = replyFacts(await hub.request(`POST entities/counter/${id}?op=add`, 3));
    let state = await hub.request(`GET entities/Counter/${id}`);
    while (state.status === 404) {
      await hub.options.wait();
      state = await hub.request(`GET entities/Counter/${id}`);
    }
    const unknown = replyFacts(await hub.request(`POST entities/nobody/${id}?op=add`, 3));
    return { before, signalled, state: replyFacts(state), unknown };
  },
};
