// What the run before has left, and which run that was.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

// oxlint-disable-next-line eslint/no-restricted-properties -- a program's one look at its environment
const { RUN_FOLLOWS } = process.env;
const inputs = JSON.parse(readFileSync('inputs.json', 'utf8'));
const texts = inputs.map(({ name, file }) => `${name}: ${readFileSync(file, 'utf8')}`);
mkdirSync('outputs', { recursive: true });
writeFileSync('outputs/report.txt', `after ${RUN_FOLLOWS}\n${texts.join('')}`);
