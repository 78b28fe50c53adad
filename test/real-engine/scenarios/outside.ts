import { endOf, historyFacts, isOf, plain, stepsOf } from '../facts';
import type { Hub } from '../hub';
import { startJobServer, type JobServer } from '../job-server';
import { held, released, repaired, type Asked } from '../programs/outside';
import type { Scenarios } from './scenario';

/** Operators, HTTP servers and exceptions with properties. */
export const outside: Scenarios = {
  'a terminated instance whose activity is running': async (hub, id) => {
    let whileRunning: unknown;
    held.set(id, async () => {
      await hub.act(id, 'terminate');
      whileRunning = endOf(await hub.ended(id, hub.options.pause));
    });
    await hub.start('holdsActivity', id);
    await hub.until(id, () => released.has(id));
    // The result of the activity has arrived before the events of a later instance.
    await hub.run('echoes', `${id}-later`, 1);
    const { historyEvents, ...status } = await hub.ended(id);
    const types = historyEvents.map(({ EventType }) => String(EventType)).toSorted();
    return { whileRunning, later: endOf({ historyEvents, ...status }), types };
  },
  'a rewound instance whose failed activity was retried': async (hub, id) => {
    await hub.start('rewindsRetried', id);
    const before = endOf(await hub.ended(id));
    repaired.add(id);
    const turns = hub.turns(id).length;
    await hub.act(id, 'rewind');
    await hub.until(id, () => hub.turns(id).length > turns);
    const after = endOf(await hub.ended(id));
    const history = hub.history(id);
    const replaced = historyFacts(history.filter(isOf('GenericEvent')));
    return { before, after, types: stepsOf(history), replaced };
  },
  'a request of callHttp with a 202 is polled at its location': (hub, id) =>
    asking(hub, id, ({ url }) => [{ method: 'POST', url: `${url}/job` }]),
  'requests of callHttp with a 202 that are not polled': (hub, id) =>
    asking(hub, id, ({ url }) => [
      { method: 'POST', url: `${url}/job`, enablePolling: false },
      { method: 'GET', url: `${url}/accepted`, enablePolling: false },
    ]),
  'a request of callHttp with a 202 without a location': (hub, id) =>
    asking(hub, id, ({ url }) => [{ method: 'GET', url: `${url}/accepted` }]),
  'requests of callHttp that are redirected, fail or cannot be sent': (hub, id) =>
    asking(hub, id, ({ url }) => [
      { method: 'POST', url: `${url}/moved` },
      { method: 'POST', url: `${url}/kept` },
      { method: 'GET', url: `${url}/wrong` },
      { method: 'GET', url: 'http://127.0.0.1:1/' },
    ]),
  'properties of an exception reach the orchestrator': async (hub, id) => {
    const caught = endOf(await hub.run('catchesProperties', id));
    return { caught, failures: historyFacts(hub.history(id).filter(isOf('TaskFailed'))) };
  },
  'an exception with properties that an orchestrator does not catch': async (hub, id) => {
    const parent = endOf(await hub.run('catchesOfChild', id));
    const isFailure = isOf('SubOrchestrationInstanceFailed');
    const failures = historyFacts(hub.history(id).filter(isFailure));
    return { parent, failures, child: endOf(await hub.ended(`${id}-child`)) };
  },
};

/** Has an orchestrator send requests one after another. */
async function asking(
  hub: Hub,
  id: string,
  requestsTo: (server: JobServer) => readonly Asked[],
): Promise<unknown> {
  const server = await startJobServer();
  try {
    const { output, ...status } = await hub.run('asks', id, requestsTo(server));
    const facts = {
      runtimeStatus: status.runtimeStatus,
      output: plain(output),
      seen: server.seen,
      waits: waitsOf(hub, id),
      types: stepsOf(hub.history(id)),
      requests: historyFacts(hub.history(id).filter(isOf('TaskScheduled'))),
    };
    // The port differs from run to run.
    return JSON.parse(JSON.stringify(facts).replaceAll(server.url, 'http://server'));
  } finally {
    await server.close();
  }
}

/** The seconds from the start of the turn that creates each timer to its end. */
function waitsOf(hub: Hub, id: string): readonly number[] {
  const waits: number[] = [];
  let turn = Number.NaN;
  for (const event of hub.history(id)) {
    // The event of a timer has the time at which it is written, which on a busy machine is later.
    if (isOf('OrchestratorStarted')(event)) turn = Date.parse(event.Timestamp);
    if ('FireAt' in event && isOf('TimerCreated')(event)) {
      waits.push(Math.round((Date.parse(event.FireAt) - turn) / 1000));
    }
  }
  return waits;
}
