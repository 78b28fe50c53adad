import { expect, test } from 'vitest';
import { printingLog, type Severity } from '../../../local/functions/log';

function printed(options: { readonly colours: boolean; readonly verbose: boolean }): string {
  let text = '';
  const log = printingLog({
    ...options,
    write: (line) => {
      text += line;
    },
    now: () => new Date('2030-01-02T03:04:05.678Z'),
  });
  for (const level of ['debug', 'information', 'warning', 'error'] satisfies Severity[])
    log(level, `a ${level}`);
  return text;
}

test('a line has its time and, unless it is information, its level; details are printed with verbose only', () => {
  expect(printed({ colours: false, verbose: false })).toBe(
    '03:04:05.678 a information\n03:04:05.678 warning: a warning\n03:04:05.678 error: a error\n',
  );
  expect(printed({ colours: false, verbose: true }).split('\n')[0]).toBe('03:04:05.678 a debug');
});

test('a terminal gets colours', () => {
  expect(printed({ colours: true, verbose: true }).split('\n').slice(0, 4)).toEqual([
    '\u001b[2m03:04:05.678\u001b[0m \u001b[2ma debug\u001b[0m',
    '\u001b[2m03:04:05.678\u001b[0m a information\u001b[0m',
    '\u001b[2m03:04:05.678\u001b[0m \u001b[33mwarning: a warning\u001b[0m',
    '\u001b[2m03:04:05.678\u001b[0m \u001b[31merror: a error\u001b[0m',
  ]);
});

test.each([
  ['a signature', 'https://a/c?sv=1&sig=abc%2Bd%3D&se=2', 'https://a/c?sv=1&sig=***&se=2'],
  ['a key in an address', 'GET /api/x?code=abc==', 'GET /api/x?code=***'],
  ['an account key', 'AccountName=a;AccountKey=k+/=;X=y', 'AccountName=a;AccountKey=***;X=y'],
  ['a signature in a connection', 'SharedAccessSignature=sv=1&sig=x', 'SharedAccessSignature=***'],
  ['a token', 'authorization: Bearer abc.def-g', 'authorization: Bearer ***'],
  ['a function key', '{"x-functions-key":"k1","a":1}', '{"x-functions-key":"***","a":1}'],
  ['a token by itself', 'got eyJhbGci.eyJzdWIi.c2ln.', 'got ***.'],
])('%s is not shown', (_, text, shown) => {
  let line = '';
  const log = printingLog({
    write: (written) => {
      line = written;
    },
    now: () => new Date(0),
    colours: false,
    verbose: false,
  });
  log('information', text);

  expect(line).toBe(`00:00:00.000 ${shown}\n`);
});
