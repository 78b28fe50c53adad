import { expect, test } from 'vitest';
import { parseCommandLine } from '../../../local/command-line';
import { packagedCommand } from '../../../local/batch/command';

test.each([
  [
    ['--host', '0.0.0.0'],
    '--host 0.0.0.0 needs --allow-host with the host name by which clients reach it, such as localhost',
  ],
  [
    ['--host', '0.0.0.0', '--allow-host', 'batch:10100'],
    '--allow-host must be a host name without a port, not "batch:10100"',
  ],
  [['--allow-host', '*'], '--allow-host must be a host name without a port, not "*"'],
  [['--cert', 'a.pem'], '--cert and --cert-key go together'],
  [['--speed', '0'], '--speed must be a number above 0, not "0"'],
])('%j is a wrong call of the package, and the reason is one line', (args, problem) => {
  expect(parseCommandLine(packagedCommand, args)).toEqual({
    kind: 'invalid',
    message: `nightshift-batch: ${problem}; nightshift-batch --help lists the options`,
  });
});

test.each([
  [[]],
  [['--host', '127.0.0.1']],
  [['--host', '::1']],
  [['--host', '0.0.0.0', '--allow-host', 'batch', '--allow-host', 'ci.example.org']],
  [['--host', '192.0.2.7', '--allow-host', '192.0.2.7']],
])('%j is a call of the package', (args) => {
  expect(parseCommandLine(packagedCommand, args).kind).toBe('call');
});
