import { endOf, factsOf, historyFacts, isOf, stepsOf } from '../facts';
import type { Scenarios } from './scenario';

/** Whole histories, generations and events. */
export const whole: Scenarios = {
  'an orchestrator gets this context and this history': async (hub, id) => {
    await hub.start('everything', id, { some: 'input' });
    await hub.shows(id, 'waiting');
    await hub.raiseEvent(id, 'go', { some: 'event' });
    const { historyEvents, ...status } = await hub.ended(id);
    const { history, ...context } = hub.turns(id).at(-1) ?? { history: [] };
    return {
      ...endOf({ historyEvents, ...status }),
      context: factsOf(context),
      history: historyFacts(history),
      historyEvents: historyEvents.map((event) => factsOf(event)),
    };
  },
  'a child ends with this status': async (hub, id) => {
    await hub.run('showsChild', id, { some: 'input' });
    const status = await hub.ended(`${id}-child`);
    const { history, ...context } = hub.turns(`${id}-child`).at(-1) ?? { history: [] };
    const started = historyFacts(history.filter(isOf('ExecutionStarted')));
    return { ...endOf(status), started, context: factsOf(context) };
  },
  'a timer of seven days is made of parts of three days': async (hub, id) => {
    await hub.start('longTimer', id);
    await hub.shows(id, 'waiting');
    await hub.raiseEvent(id, 'go');
    await hub.shows(id, 'waiting again');
    await hub.raiseEvent(id, 'end');
    const end = endOf(await hub.ended(id));
    const history = hub.history(id);
    const days = history.flatMap((event) =>
      'FireAt' in event
        ? [Math.round((Date.parse(event.FireAt) - Date.parse(event.Timestamp)) / 86_400_000)]
        : [],
    );
    return { ...end, days, types: stepsOf(history) };
  },
  'the custom status over generations': async (hub, id) => {
    await hub.start('generations', id, 0);
    const seen: unknown[] = [];
    for (const generation of [1, 2]) {
      // The first turn of a generation, and the turn after an event; neither sets a status.
      await hub.until(id, () => inputs(hub.turns(id)).includes(generation));
      seen.push((await hub.until(id, ({ input }) => input === generation)).customStatus);
      await hub.raiseEvent(id, 'first');
      await hub.until(id, () => hub.history(id).some(isOf('EventRaised', 'first')));
      await hub.until(id, ({ historyEvents }) =>
        historyEvents.some(({ Name }) => Name === 'first'),
      );
      seen.push((await hub.status(id))?.customStatus);
      await hub.raiseEvent(id, 'second');
    }
    return { ...endOf(await hub.ended(id)), seen };
  },
  'unread events are lost by continuing as new': async (hub, id) => {
    await hub.start('losesEvents', id, { round: 1 });
    await hub.shows(id, 'waiting');
    await hub.raiseEvent(id, 'unread', 1);
    await hub.until(id, () => hub.history(id).some(isOf('EventRaised', 'unread')));
    await hub.raiseEvent(id, 'go');
    return endOf(await hub.ended(id));
  },
  'events that come with the decision to continue as new reach the next generation': async (
    hub,
    id,
  ) => {
    await hub.start('losesEvents', id, { round: 1 });
    await hub.shows(id, 'waiting');
    // The events of a suspended instance reach it together.
    await hub.act(id, 'suspend');
    await hub.until(id, ({ runtimeStatus }) => runtimeStatus === 'Suspended');
    for (const name of ['go', 'unread']) {
      await hub.raiseEvent(id, name, name);
      await hub.until(id, ({ historyEvents }) => historyEvents.some(({ Name }) => Name === name));
    }
    await hub.act(id, 'resume');
    return endOf(await hub.ended(id));
  },
  'events before the wait are kept in order': async (hub, id) => {
    await hub.start('eventBeforeWait', id);
    await hub.shows(id, 'waiting');
    for (const n of [1, 2]) {
      await hub.raiseEvent(id, 'early', n);
      await hub.until(id, () => hub.history(id).filter(isOf('EventRaised')).length === n);
    }
    await hub.raiseEvent(id, 'go');
    return endOf(await hub.ended(id));
  },
};

function inputs(turns: readonly { readonly [member: string]: unknown }[]): readonly unknown[] {
  return turns.map(({ input }) => (typeof input === 'string' ? JSON.parse(input) : input));
}
