import { expect, test } from 'vitest';
import { defineCommand, parseCommandLine } from '../../local/command-line';
import { programs } from '../../local/cli/commands';
import { hostCommand } from '../../local/functions/command';

const tool = defineCommand({
  call: 'npm run tool',
  usage: 'npm run tool -- <file>\n',
  options: { port: { type: 'string', default: '80' }, quiet: { type: 'boolean', default: false } },
  required: ['file'],
  maxArguments: 2,
  ports: ['port'],
});

test('options have their values or defaults, and the rest are arguments', () => {
  expect(parseCommandLine(tool, ['a', '--port', '8080', 'b'])).toEqual({
    kind: 'call',
    values: { port: '8080', quiet: false },
    args: ['a', 'b'],
  });
});

test.each([
  [['a', '--prot', '1'], "unknown option '--prot' (Did you mean --port?)"],
  [['a', '--quiet=yes'], "unknown option '--quiet=yes'"],
  [['a', '--port'], "option '--port <value>' argument missing"],
  [[], 'the file is missing'],
  [['a', 'b', 'c'], 'unexpected argument "c"'],
  [['a', '--port', 'abc'], '--port must be a port number from 0 to 65535, not "abc"'],
  [['a', '--port', '65536'], '--port must be a port number from 0 to 65535, not "65536"'],
])('%j is a wrong call, and the reason is one line', (args, problem) => {
  expect(parseCommandLine(tool, args)).toEqual({
    kind: 'invalid',
    message: `npm run tool: ${problem}; npm run tool -- --help lists the options`,
  });
});

test('an option may be repeated, and a switch whose name starts with no- is a switch', () => {
  const parsed = [
    programs['host']?.parse(['--pretend', 'a', '--pretend', 'b', '--no-fsync', '--port', '8080']),
    programs['host']?.parse([]),
  ];
  const { options } = hostCommand;
  const line = parseCommandLine(hostCommand, [
    'app',
    '--pretend',
    'a',
    '--pretend',
    'b',
    '--no-fsync',
  ]);

  expect(parsed).toEqual([
    { kind: 'call', ports: [8080] },
    { kind: 'call', ports: [] },
  ]);
  expect(Object.keys(line.kind === 'call' ? line.values : {})).toEqual(Object.keys(options));
  expect(line).toMatchObject({
    values: { pretend: ['a', 'b'], 'no-fsync': true, 'enable-auth': false, 'rpc-port': '17071' },
    args: ['app'],
  });
});

test('help is given whatever else is on the line, but not for an argument after --', () => {
  expect(parseCommandLine(tool, ['--nix', '--help'])).toEqual({ kind: 'help', text: tool.usage });
  expect(parseCommandLine(tool, ['--', '--help'])).toMatchObject({ args: ['--help'] });
});

test.each(Object.entries(programs))(
  'the help of %s opens with its call and fits 100 columns',
  (_, { parse }) => {
    const help = parse(['--help']);

    expect(help).toEqual({ kind: 'help', text: expect.stringMatching(/^npm (start|run \w+)/) });
    const lines = help.kind === 'help' ? help.text.split('\n') : [];
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
  },
);

test.each([
  ['up', ['--speed', '0'], '--speed must be a number above 0 and up to 1000, not "0"'],
  ['up', ['--setting', 'NODE_PRICES'], '--setting must be NAME=value, not "NODE_PRICES"'],
  ['batch', ['--port', 'abc'], '--port must be a port number from 0 to 65535, not "abc"'],
  ['batch', ['--oauth', 'full'], '--oauth can only be "basic", not "full"'],
  ['batch', ['--cert', 'a.pem'], '--cert and --cert-key go together'],
  [
    'host',
    ['--clock', '{'],
    '--clock must be JSON with the numbers speed, realEpoch and clockEpoch, not "{"',
  ],
])('%s %j is refused', (name, args, problem) => {
  expect(programs[name]?.parse(args)).toEqual({
    kind: 'invalid',
    message: expect.stringContaining(`: ${problem}; `),
  });
});
