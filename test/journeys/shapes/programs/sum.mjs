// All draws in a line, and which tasks are missing.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const draws = readdirSync('draws')
  .sort()
  .map((name) => readFileSync(`draws/${name}`, 'utf8').trim());
const missing = JSON.parse(readFileSync('missing.json', 'utf8'));
const gone = missing.map(({ id, exitCode }) => `${id} (exit code ${exitCode})`);
mkdirSync('outputs', { recursive: true });
writeFileSync('outputs/sum.txt', `${draws.join(' ')}; without ${gone.join(', ')}\n`);
