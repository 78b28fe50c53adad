import http from 'node:http';
import { expect, test } from 'vitest';
import { onLoopback } from '../../../../local/functions/triggers/http-stream';

function addressOf(server: http.Server): Promise<unknown> {
  return new Promise((resolve) => {
    server.listen(() => {
      const address = server.address();
      server.close();
      resolve(typeof address === 'object' ? address?.address : address);
    });
  });
}

test('a server without an address listens on loopback while the override is active', async () => {
  const during = await onLoopback(() => addressOf(http.createServer()));
  const after = await addressOf(http.createServer());

  expect(during).toBe('127.0.0.1');
  expect(after).toMatch(/^(::|0\.0\.0\.0)$/);
});
