// The units of a chunk, one after the other. A five fails its task.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

// oxlint-disable-next-line eslint/no-restricted-properties -- a program's one look at its environment
const { AZ_BATCH_TASK_ID, UNITS } = process.env;
const units = readFileSync('units.jsonl', 'utf8').trimEnd().split('\n').map(JSON.parse);
if (units.length !== Number(UNITS)) throw new Error(`${units.length} units, not ${UNITS}`);
const numbers = units.map(({ environment }) => environment.N);
if (numbers.includes('5')) {
  console.error('there is no five');
  process.exit(3);
}
mkdirSync('outputs', { recursive: true });
writeFileSync(`outputs/${AZ_BATCH_TASK_ID}.draw`, `${numbers.join(' ')}\n`);
