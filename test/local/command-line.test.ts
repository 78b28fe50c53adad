import { expect, test } from 'vitest';
import { defineCommand, parseCommandLine } from '../../local/command-line';
import { programs } from '../../local/cli/commands';

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
  [['a', '--prot', '1'], "unknown option '--prot'"],
  [['a', '--quiet=yes'], "option '--quiet' does not take an argument"],
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
  [
    'drop',
    ['In_box'],
    '"In_box" is not a container name: 3 to 63 lower-case letters, digits and single hyphens',
  ],
  ['plan', ['render', '--parameter', 'x'], '--parameter must be NAME=value, not "x"'],
  [
    'pack',
    ['folder', 'not an id', '1'],
    '"not an id" is not an application id: 1 to 64 letters, digits, hyphens and underscores',
  ],
  [
    'pack',
    ['folder', 'fit', '1/2'],
    '"1/2" is not a version: 1 to 64 letters, digits, dots, hyphens and underscores',
  ],
])('%s %j is refused', (name, args, problem) => {
  expect(programs[name]?.parse(args)).toEqual({
    kind: 'invalid',
    message: expect.stringContaining(`: ${problem}; `),
  });
});
