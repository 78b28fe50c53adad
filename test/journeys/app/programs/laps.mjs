// The job manager of the marathon: one line of the manifest for each lap.
import { mkdirSync, writeFileSync } from 'node:fs';

// oxlint-disable-next-line eslint/no-restricted-properties -- a program's one look at its environment
const { PARAM_LAPS } = process.env;
const laps = Array.from({ length: Number(PARAM_LAPS) }, (_, index) => `lap-${index + 1}`);
mkdirSync('outputs', { recursive: true });
const lines = laps.map((id) => `${JSON.stringify({ id, environment: { LAP: id } })}\n`);
writeFileSync('outputs/tasks.jsonl', lines.join(''));
console.log(`${laps.length} laps`);
