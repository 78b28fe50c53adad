import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

// oxlint-disable-next-line eslint/no-restricted-properties -- a program's one look at its environment
const { LAP, PARAM_PAUSE } = process.env;
console.log(`${LAP} begins`);
await sleep(Number(PARAM_PAUSE));
mkdirSync('outputs', { recursive: true });
writeFileSync(`outputs/${LAP}.lap`, `${LAP}\n`);
