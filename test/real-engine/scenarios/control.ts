import { endOf, factsOf, historyFacts, isOf, replyFacts } from '../facts';
import type { Scenarios } from './scenario';

/** Operations of clients, and replies of the API. */
export const control: Scenarios = {
  'an unknown instance': async (hub) => ({
    status: replyFacts(await hub.request('GET instances/nobody')),
    event: replyFacts(await hub.request('POST instances/nobody/raiseEvent/go', 1)),
    terminate: replyFacts(await hub.request('POST instances/nobody/terminate?reason=x')),
    suspend: replyFacts(await hub.request('POST instances/nobody/suspend?reason=x')),
    resume: replyFacts(await hub.request('POST instances/nobody/resume?reason=x')),
    rewind: replyFacts(await hub.request('POST instances/nobody/rewind?reason=x')),
    restart: replyFacts(await hub.request('POST instances/nobody/restart')),
    purge: replyFacts(await hub.request('DELETE instances/nobody')),
  }),
  'an instance that has ended': async (hub, id) => {
    const { historyEvents: _, ...status } = await hub.run('echoes', id, { n: 1 });
    return {
      members: Object.keys(status).toSorted(),
      status: replyFacts(await hub.request(`GET instances/${id}?showInput=false`)),
      event: replyFacts(await hub.request(`POST instances/${id}/raiseEvent/go`, 1)),
      terminate: replyFacts(await hub.request(`POST instances/${id}/terminate?reason=x`)),
      suspend: replyFacts(await hub.request(`POST instances/${id}/suspend?reason=x`)),
      resume: replyFacts(await hub.request(`POST instances/${id}/resume?reason=x`)),
      rewind: replyFacts(await hub.request(`POST instances/${id}/rewind?reason=x`)),
      purge: replyFacts(await hub.request(`DELETE instances/${id}`)),
      again: replyFacts(await hub.request(`DELETE instances/${id}`)),
    };
  },
  'an instance that waits': async (hub, id) => {
    await hub.start('waits', id);
    await hub.shows(id, 'waiting');
    const { status, headers } = await hub.request(`GET instances/${id}`);
    const facts = {
      status: { status, retryAfter: headers.get('retry-after') },
      start: replyFacts(await hub.request(`POST orchestrators/waits/${id}`, 1)),
      resume: replyFacts(await hub.request(`POST instances/${id}/resume?reason=x`)),
      rewind: replyFacts(await hub.request(`POST instances/${id}/rewind?reason=x`)),
      purge: replyFacts(await hub.request(`DELETE instances/${id}`)),
      notJson: replyFacts(await hub.request(`POST instances/${id}/raiseEvent/go`)),
      afterwards: replyFacts(await hub.request(`GET instances/${id}`)).status,
    };
    return facts;
  },
  'starts that are accepted or refused': async (hub, id) => ({
    long: replyFacts(await hub.request(`POST orchestrators/echoes/${'x'.repeat(257)}`, 1)),
    hash: replyFacts(await hub.request(`POST orchestrators/echoes/${id}%23b`, 1)),
    purgeWithoutTime: replyFacts(await hub.request('DELETE instances/')),
  }),
  'the start of an unknown orchestrator': async (hub, id) => {
    const reply = replyFacts(await hub.request(`POST orchestrators/nobody/${id}`, 1));
    return { reply, end: reply.status === 202 ? endOf(await hub.ended(id)) : null };
  },
  'starts of one id at the same time': async (hub, id) => {
    await Promise.all([1, 2, 3].map(() => hub.request(`POST orchestrators/echoes/${id}`, id)));
    const end = endOf(await hub.ended(id));
    return { ...end, echoed: hub.history(id).filter(isOf('TaskScheduled')).length };
  },
  'a suspended instance': async (hub, id) => {
    await hub.start('waits', id);
    await hub.shows(id, 'waiting');
    await hub.act(id, 'suspend');
    await hub.until(id, ({ runtimeStatus }) => runtimeStatus === 'Suspended');
    const again = replyFacts(await hub.request(`POST instances/${id}/suspend?reason=x`));
    await hub.raiseEvent(id, 'go', 5);
    await hub.until(id, ({ historyEvents }) => historyEvents.some(({ Name }) => Name === 'go'));
    const meanwhile = (await hub.status(id))?.runtimeStatus;
    await hub.act(id, 'resume');
    const { historyEvents, ...status } = await hub.ended(id);
    const seen = historyEvents.map((event) => factsOf(event));
    return { again, meanwhile, ...endOf({ historyEvents, ...status }), historyEvents: seen };
  },
  'a terminated parent of a child that waits': async (hub, id) => {
    await hub.start('parentOfWaiting', id);
    await hub.shows(`${id}-child`, 'waiting');
    await hub.act(id, 'terminate');
    const parent = endOf(await hub.ended(id));
    await hub.raiseEvent(`${id}-child`, 'go', 1);
    return { parent, child: endOf(await hub.ended(`${id}-child`)) };
  },
  'a rewound instance with a failed child': async (hub, id) => {
    await hub.start('rewinds', id);
    const before = endOf(await hub.ended(id));
    await hub.act(id, 'rewind');
    const after = endOf(await hub.until(id, ({ runtimeStatus }) => runtimeStatus === 'Completed'));
    return { before, after };
  },
  'a restarted instance': async (hub, id) => {
    await hub.run('echoes', id, { n: 1 });
    const reply = await hub.request(`POST instances/${id}/restart?restartWithNewInstanceId=true`);
    const { id: other } = reply.body as { readonly id: string };
    const { input, ...status } = await hub.ended(other);
    return { status: reply.status, isOther: other !== id, input, ...endOf({ input, ...status }) };
  },
  'an instance with another parent id in its history': async (hub, id) => {
    await hub.run('showsChild', id, 1);
    return historyFacts(hub.history(id).filter(isOf('SubOrchestrationInstanceCreated')));
  },
};
