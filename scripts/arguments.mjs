// Parses the command line of a script as the commands of the environment parse theirs: help on
// standard output with exit code 0, a wrong call in one sentence on standard error with 2.

import { Command, CommanderError, Option } from 'commander';

/**
 * `usage` opens with the call; `required` names the arguments that a call must have, in order.
 * `options` has the type of each option, `string` or `boolean`, and its default.
 */
export function readArguments({ usage, options = {}, required = [], maxArguments }) {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    process.exit(0);
  }
  try {
    const { values, positionals } = parsed(args, options);
    const missing = required[positionals.length];
    if (missing !== undefined) refuse(usage, `the ${missing} is missing`);
    const extra = positionals[maxArguments ?? required.length];
    if (extra !== undefined) refuse(usage, `unexpected argument ${JSON.stringify(extra)}`);
    return { values, positionals };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const sentence = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
    return refuse(usage, sentence.trim());
  }
}

function parsed(args, options) {
  const command = new Command()
    .helpOption(false)
    .allowExcessArguments()
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
  const known = Object.entries(options).map(([name, spec]) => {
    const option = new Option(spec.type === 'boolean' ? `--${name}` : `--${name} <value>`);
    // The library reads --no-build as the opposite of --build.
    if (spec.default !== undefined && !option.negate) option.default(spec.default);
    command.addOption(option);
    return [name, option];
  });
  command.parse(args, { from: 'user' });
  const found = command.opts();
  const values = known.map(([name, option]) => {
    const value = found[option.attributeName()];
    return [name, option.negate ? !value : value];
  });
  return { values: Object.fromEntries(values), positionals: command.args };
}

function refuse(usage, problem) {
  const [call] = usage.split(/ \[| <|\n/);
  process.stderr.write(`${call}: ${problem}; ${call} --help lists the options\n`);
  process.exit(2);
}
