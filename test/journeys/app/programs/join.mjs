import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const parts = readdirSync('parts').map((file) => readFileSync(`parts/${file}`, 'utf8'));
mkdirSync('outputs', { recursive: true });
writeFileSync('outputs/all.txt', parts.sort().join(''));
