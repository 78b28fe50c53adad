import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { commands } from './commands';
import { openInBrowser } from './browser';
import { run } from './program';
import { keyFetcher } from './sign-in';

/** Starts the command line `nightshift`, for `scripts/nightshift.mjs`. `commands.ts` lists what it can do. */

// A reader such as `head` may close the pipe before everything is written.
process.stdout.on('error', () => process.exit());

void run(commands, process.argv.slice(2), {
  environment: process.env,
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  now: () => new Date(),
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  confirm: process.stdin.isTTY && process.stdout.isTTY ? confirm : null,
  terminal: process.stdout.isTTY ? process.stdout : null,
  folder: process.cwd(),
  // Of the bundle dist/cli/main.js.
  root: path.resolve(__dirname, '..', '..'),
  platform: process.platform,
  openUrl: openInBrowser(process.platform, process.env),
  fetchHostKey: keyFetcher(process.env),
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
