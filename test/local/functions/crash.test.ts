import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { env } from 'node:process';
import { expect, test } from 'vitest';
import {
  fixture,
  startHostProcess,
  temporaryFolder,
  until,
  type HostProcess,
} from './host-process';

// SIGKILL at any time loses nothing.

/** Less than a minute of them; CRASH_KILLS is another number. */
const KILLS = Number(env['CRASH_KILLS'] ?? 60);

/** Name, input and expected output of each kind that runs while the host is killed. */
const kinds = [
  { name: 'chain', input: { steps: 40, ms: 10 }, output: 780, steps: 40 },
  { name: 'fan', input: { width: 60, ms: 30 }, output: 1770, steps: 60 },
  { name: 'ticks', input: { times: 25, ms: 40 }, output: 25, steps: 25 },
  { name: 'generations', input: { n: 0, to: 30 }, output: 30, steps: 31 },
  { name: 'family', input: { kids: 12 }, output: 12, steps: 0 },
  { name: 'stubborn', input: {}, output: 'gave up', steps: 0 },
  { name: 'counts', input: { times: 30 }, output: 30, steps: 0 },
] as const;

/** A repeatable stretch of chance. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state % below;
  };
}

interface Status {
  readonly instanceId: string;
  readonly runtimeStatus: string;
  readonly output: unknown;
}

async function startAll(host: HostProcess, round: number): Promise<readonly string[]> {
  const ids = kinds.map(({ name }) => `${name}-${round}`);
  await Promise.all(
    kinds.map(async ({ name, input }, i) => {
      const response = await fetch(`${host.rpcUrl}orchestrators/${name}/${ids[i]}`, {
        method: 'POST',
        body: JSON.stringify(input),
      });
      expect(response.status).toBe(202);
    }),
  );
  return ids;
}

async function statuses(host: HostProcess): Promise<readonly Status[]> {
  const response = await fetch(`${host.rpcUrl}instances?top=10000`);
  return (await response.json()) as Status[];
}

function allEnded(host: HostProcess): Promise<readonly Status[]> {
  return until(async () => {
    const all = await statuses(host);
    return all.every(({ runtimeStatus }) => runtimeStatus === 'Completed') ? all : undefined;
  }, 60_000);
}

test(
  `a host killed ${KILLS} times ends every orchestration correctly, and runs every activity`,
  { timeout: 1_800_000 },
  async () => {
    const data = temporaryFolder();
    const calls = path.join(data, 'calls.txt');
    const roll = dice(1);
    const boot = () =>
      startHostProcess({
        app: fixture('sample'),
        data,
        environment: { CALLS_FILE: calls },
        args: ['--no-fsync'],
      });

    let host = await boot();
    const started: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      if (kill % 15 === 0) started.push(...(await startAll(host, kill)));
      // Chance decides how far it gets.
      await new Promise((resolve) => {
        setTimeout(resolve, roll(120));
      });
      host.kill('SIGKILL');
      await host.ended;
      host = await boot();
    }
    const ended = await allEnded(host);
    host.kill('SIGTERM');
    expect(await host.ended).toBe(0);

    const outputs = new Map(ended.map(({ instanceId, output }) => [instanceId, output]));
    const lines = fs.readFileSync(calls, 'utf8').trimEnd().split('\n');
    const distinct = new Set(lines);
    for (const id of started) {
      const kind = kinds.find(({ name }) => id.startsWith(`${name}-`));
      expect([id, outputs.get(id)]).toEqual([id, kind?.output]);
      const ran = [...distinct].filter((line) => line.startsWith(`${id} `)).length;
      expect([id, ran]).toEqual([id, kind?.steps]);
    }
    // What ran twice ran twice because of a kill; a kill interrupts no more than runs at once.
    const atOnce = 10 * os.availableParallelism();
    expect(lines.length - distinct.size).toBeLessThanOrEqual(KILLS * atOnce);
  },
);
