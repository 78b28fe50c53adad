import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

// oxlint-disable-next-line eslint/no-restricted-properties -- a program's one look at its environment
const { LAP, PARAM_PAUSE, PARAM_GATE } = process.env;
console.log(`${LAP} begins`);
await sleep(Number(PARAM_PAUSE));
// A test that looks at a running task makes this file when it has seen enough.
if (PARAM_GATE) while (!existsSync(PARAM_GATE)) await sleep(20);
mkdirSync('outputs', { recursive: true });
writeFileSync(`outputs/${LAP}.lap`, `${LAP}\n`);
