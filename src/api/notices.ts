import type { App } from '../app';
import { Failure } from '../failure';
import { testNotice } from '../ledger/notices';
import { readDropped } from '../ledger/send-notices';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { checked, readBody } from './requests';
import { newTestSchema } from './schemas/notice';

/**
 * POST /api/notify/test: sends a test event to a target at once, and answers with the status of the receiver.
 * The answer does not have its address, which is a secret.
 */
export function notifyTestHandler({ outbox, table, now, newId }: App): OperationHandler {
  return answering('notify-test', async (request) => {
    const { to } = checked(newTestSchema, await readBody(request));
    const target = outbox.targets.get(to);
    if (target === undefined) {
      const known = [...outbox.targets.keys()].join(', ') || 'none';
      throw new Failure(
        'unknownTarget',
        `no target is called ${JSON.stringify(to)}; known targets: ${known}`,
      );
    }
    const notice = testNotice(target, newId(), now().toISOString());
    const { kind, status, detail } = await outbox.send(notice);
    const dropped = (await readDropped(table))[to] ?? 0;
    return {
      status: 200,
      jsonBody: { to, id: notice.id, delivered: kind === 'delivered', status, detail, dropped },
    };
  });
}
