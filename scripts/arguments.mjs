// Parses the command line of a script as the commands of the environment parse theirs: help on
// standard output with exit code 0, a wrong call in one sentence on standard error with 2.

import { parseArgs } from 'node:util';

/** `usage` opens with the call; `required` names the arguments that a call must have, in order. */
export function readArguments({ usage, options = {}, required = [], maxArguments }) {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    process.exit(0);
  }
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const missing = required[positionals.length];
    if (missing !== undefined) refuse(usage, `the ${missing} is missing`);
    const extra = positionals[maxArguments ?? required.length];
    if (extra !== undefined) refuse(usage, `unexpected argument ${JSON.stringify(extra)}`);
    return { values, positionals };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const [sentence] = error.message.split(/\. |\n/);
    return refuse(usage, sentence.charAt(0).toLowerCase() + sentence.slice(1));
  }
}

function refuse(usage, problem) {
  const [call] = usage.split(/ \[| <|\n/);
  process.stderr.write(`${call}: ${problem}; ${call} --help lists the options\n`);
  process.exit(2);
}
