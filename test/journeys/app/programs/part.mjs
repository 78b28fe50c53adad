// One part in upper case, in a file named for its task. A part that says "fail" fails its task, one
// that says "fail until <file>" only while that file is missing.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

// oxlint-disable-next-line eslint/no-restricted-properties -- a program's one look at its environment
const { AZ_BATCH_TASK_ID, INPUT_FILE, INPUT_NAME } = process.env;
const text = readFileSync(INPUT_FILE, 'utf8');
const [says, , until] = /^fail( until (\S+))?/.exec(text) ?? [];
if (says !== undefined && (until === undefined || !existsSync(until))) {
  console.error(`${INPUT_NAME} asks to fail`);
  process.exit(3);
}
mkdirSync('outputs', { recursive: true });
writeFileSync(`outputs/${AZ_BATCH_TASK_ID}.part`, `${INPUT_NAME}: ${text.toUpperCase()}\n`);
