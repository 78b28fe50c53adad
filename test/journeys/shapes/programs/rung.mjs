// The name of this task, after those of the tasks that are there.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';

// oxlint-disable-next-line eslint/no-restricted-properties -- a program's one look at its environment
const { AZ_BATCH_TASK_ID, FAILS } = process.env;
if (FAILS !== undefined) throw new Error('it is loose');
const below = existsSync('rungs') ? readdirSync('rungs').sort() : [];
mkdirSync('outputs', { recursive: true });
writeFileSync(`outputs/${AZ_BATCH_TASK_ID}.txt`, `${AZ_BATCH_TASK_ID} on ${below.join(', ')}\n`);
