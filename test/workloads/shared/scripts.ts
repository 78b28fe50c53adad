import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** The scripts that nodes run, on a machine of which a test says what is on it. */

export const bash = ['/bin/bash', '/usr/bin/bash'].find((file) => existsSync(file)) ?? '';
export const noBash = process.platform === 'win32' || bash === '';
export const SHARED = path.join(__dirname, '../../../src/workloads/shared');

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the programs of the machine wrote down. */
  readonly log: readonly string[];
}

export function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'nightshift-script-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Runs a script where only these programs exist (each the body of a shell script, which may write to
 * $LOG and keep things in $HERE) and these of the real machine.
 */
export function runScript(
  name: string,
  words: readonly string[],
  programs: Readonly<Record<string, string>>,
  {
    real = [],
    timeoutSeconds = 600,
    environment = {},
  }: {
    real?: readonly string[];
    timeoutSeconds?: number;
    environment?: Readonly<Record<string, string>>;
  } = {},
): Ran {
  const folder = newFolder();
  for (const [program, body] of Object.entries(programs)) {
    writeFileSync(path.join(folder, program), `#!${bash}\n${body}\n`);
    chmodSync(path.join(folder, program), 0o755);
  }
  for (const program of real) symlinkSync(realPath(program), path.join(folder, program));
  const log = path.join(folder, 'log');
  writeFileSync(log, '');
  const { status, stdout, stderr } = spawnSync(bash, [path.join(SHARED, name), ...words], {
    env: {
      PATH: folder,
      LOG: log,
      HERE: folder,
      INSTALL_TIMEOUT_SECONDS: String(timeoutSeconds),
      ...environment,
    },
    encoding: 'utf8',
  });
  return { status, stdout, stderr, log: readFileSync(log, 'utf8').split('\n').slice(0, -1) };
}

export function realPath(program: string): string {
  return ['/bin', '/usr/bin', '/usr/local/bin']
    .map((folder) => path.join(folder, program))
    .find((file) => existsSync(file)) as string;
}
