import { endOf } from '../facts';
import { receivedBy } from '../programs/values';
import type { Scenarios } from './scenario';

export const values: Scenarios = {
  'an activity receives these values': async (hub, id) => {
    const end = endOf(await hub.run('passes', id));
    return { ...end, received: receivedBy(id) };
  },
  'an activity returns these values': async (hub, id) => endOf(await hub.run('getsBack', id)),
  'inputs of starts': async (hub, id) => {
    const inputs: readonly unknown[] = [
      'a text',
      5,
      true,
      null,
      { Timestamp: 'x', time: '2030-01-01T00:00:00.000Z' },
      [1, '2'],
      undefined,
    ];
    const seen: unknown[] = [];
    for (const [index, input] of inputs.entries()) {
      const { output, input: shown } = await hub.run('shows', `${id}-${index}`, input);
      seen.push({ input: (output as { input: unknown }).input ?? 'none', shown });
    }
    return seen;
  },
  'a text passed to a child': async (hub, id) => endOf(await hub.run('showsChild', id, 'a text')),
  'a text passed to continueAsNew': async (hub, id) =>
    endOf(await hub.run('textAgain', id, 'first')),
};
