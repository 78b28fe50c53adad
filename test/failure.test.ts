import { expect, test } from 'vitest';
import { Failure, httpStatusOf, formatError, redact } from '../src/failure';

const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl-_';

test.each([
  ['https://x/in?sv=1&sr=c&sig=abc%2Fd%3D&se=2', 'https://x/in?sv=1&sr=c&sig=***&se=2'],
  ['(https://x/in?sig=abc)', '(https://x/in?sig=***)'],
  ['https://x/api/runs?code=abc==&y=1', 'https://x/api/runs?code=***&y=1'],
  [
    'AccountName=a;AccountKey=abc==;EndpointSuffix=b',
    'AccountName=a;AccountKey=***;EndpointSuffix=b',
  ],
  [
    'BlobEndpoint=https://x;SharedAccessSignature=sv=1&x',
    'BlobEndpoint=https://x;SharedAccessSignature=***',
  ],
  [`authorization: Bearer ${TOKEN}`, 'authorization: Bearer ***'],
  [`the token ${TOKEN} has expired`, 'the token *** has expired'],
  ['SharedKey nightshift:abc=', 'SharedKey ***'],
])('secrets are masked in %j [GD19]', (text, clean) => {
  expect(redact(text)).toBe(clean);
});

test.each(['exit code=3', 'the signature=good design', 'code: 17', 'a bearer of news', ''])(
  'nothing is masked in %j',
  (text) => {
    expect(redact(text)).toBe(text);
  },
);

test('no failure and no formatted error shows a secret [GD19]', () => {
  const message = 'cannot open https://x/in?sig=abc';

  expect(new Failure('internal', message).message).toBe('cannot open https://x/in?sig=***');
  expect(formatError(new Error(message))).toBe('cannot open https://x/in?sig=***');
  expect(formatError(message)).toBe('cannot open https://x/in?sig=***');
});

test('each code has its status over HTTP', () => {
  expect([
    httpStatusOf('badRequest'),
    httpStatusOf('unknownRun'),
    httpStatusOf('serviceUnavailable'),
  ]).toEqual([400, 404, 503]);
});

test('a failure that a user mends has no stack, and any other failure has one', () => {
  expect(new Failure('badWorkloads', 'two lines\nfor people').stack).toBe('two lines\nfor people');
  expect(new Failure('internal', 'a bug').stack).toMatch(/a bug\n\s+at /);
});
