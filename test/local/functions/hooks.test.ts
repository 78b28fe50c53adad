import { afterAll, beforeAll, expect, test } from 'vitest';
import { appOf } from './app-of';
import { startHostProcess, temporaryFolder, type HostProcess } from './host-process';

// Hooks, in their order, with what they share and may change.

const APP = `const { app } = require('@azure/functions');
  const order = [];
  const isFor = (context, name) => context.invocationContext.functionName === name;
  app.hook.appStart((context) => { context.hookData.started = 1; order.push('start'); });
  app.hook.appStart((context) => order.push('start again ' + context.hookData.started));
  app.hook.preInvocation((context) => {
    if (!isFor(context, 'order')) return;
    context.hookData.mark = 'a';
    order.push('before');
  });
  app.hook.preInvocation(() => order.push('never')).dispose();
  app.hook.preInvocation(async (context) => {
    if (isFor(context, 'order')) order.push('before, mark ' + context.hookData.mark);
    if (isFor(context, 'blocked')) throw new Error('not today');
    if (isFor(context, 'given')) { context.inputs.push('more'); }
  });
  app.hook.postInvocation((context) => {
    if (isFor(context, 'order')) order.push('after, mark ' + context.hookData.mark + ', error ' + context.error);
    if (isFor(context, 'saved')) { context.result = { body: 'instead of: ' + context.error.message }; context.error = undefined; }
    if (isFor(context, 'spoilt')) throw new Error('after all');
  });
  app.hook.log((context) => {
    if (context.message.startsWith('whisper')) context.message = 'changed words';
    if (context.message.startsWith('shout')) context.level = 'error';
  });
  app.http('order', { handler: () => { order.push('handler'); return {}; } });
  app.http('told', { handler: () => ({ jsonBody: order }) });
  app.http('blocked', { handler: () => ({ body: 'ran' }) });
  app.http('given', { handler: (...args) => ({ body: String(args[1]) }) });
  app.http('saved', { handler: () => { throw new Error('it broke'); } });
  app.http('spoilt', { handler: () => ({ body: 'well' }) });
  app.http('talks', { handler: (_, context) => { context.log('whisper'); context.log('shout'); return {}; } });`;

let host: HostProcess;

beforeAll(async () => {
  host = await startHostProcess({ app: appOf({ 'app.js': APP }), data: temporaryFolder() });
});
afterAll(async () => {
  host.kill('SIGTERM');
  await host.ended;
});

async function call(name: string): Promise<readonly [number, string]> {
  const response = await fetch(`${host.url}/api/${name}`);
  return [response.status, await response.text()];
}

test('hooks run in the order of their registration, and disposed ones do not', async () => {
  await call('order');
  await call('order');

  expect(JSON.parse((await call('told'))[1])).toEqual([
    'start',
    'start again 1',
    'before',
    'before, mark a',
    'handler',
    'after, mark a, error null',
    'before',
    'before, mark a',
    'handler',
    'after, mark a, error null',
  ]);
});

test('a hook may add inputs, and replace an error by a result', async () => {
  expect(await call('given')).toEqual([200, 'more']);
  expect(await call('saved')).toEqual([200, 'instead of: it broke']);
});

test('a hook that throws fails the invocation, before and after the function', async () => {
  expect(await call('blocked')).toEqual([500, '']);
  expect(await call('spoilt')).toEqual([500, '']);
  expect(host.output()).toMatch(/blocked GET \/api\/blocked failed: not today/);
});

test('a hook may change the text and the level of a log line', async () => {
  await call('talks');

  expect(host.output()).toContain('[talks] changed words');
  expect(host.output()).toContain('error: [talks] shout');
});
