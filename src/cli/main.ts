import { createInterface } from 'node:readline/promises';
import { addBackfill } from './backfill';
import { addBackfills } from './backfills';
import { addPause, addResume } from './pause';
import { run, type AddCommand } from './program';
import { addRehearse } from './rehearse';
import { addRetry } from './retry';

/** The command line `nightshift`, which `scripts/nightshift.mjs` starts. READ THIS FIRST. */
const commands: readonly AddCommand[] = [
  addBackfill,
  addBackfills,
  addPause,
  addResume,
  addRehearse,
  addRetry,
];

// A reader such as `head` may close the pipe before everything is written.
process.stdout.on('error', () => process.exit());

void run(commands, process.argv.slice(2), {
  environment: process.env,
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  now: () => new Date(),
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  confirm: process.stdin.isTTY && process.stdout.isTTY ? confirm : null,
}).then((code) => {
  process.exitCode = code;
});

async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
