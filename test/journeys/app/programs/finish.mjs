import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const laps = readdirSync('laps').map((file) => readFileSync(`laps/${file}`, 'utf8').trim());
mkdirSync('outputs', { recursive: true });
writeFileSync('outputs/finish.txt', `${laps.sort().join(' ')}\n`);
