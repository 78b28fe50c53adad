import { addPause, addResume } from './pause';
import { run, type AddCommand } from './program';
import { addRehearse } from './rehearse';

/** The command line `nightshift`, which `scripts/nightshift.mjs` starts. READ THIS FIRST. */
const commands: readonly AddCommand[] = [addPause, addResume, addRehearse];

// A reader such as `head` may close the pipe before everything is written.
process.stdout.on('error', () => process.exit());

void run(commands, process.argv.slice(2), {
  environment: process.env,
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  now: () => new Date(),
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}).then((code) => {
  process.exitCode = code;
});
