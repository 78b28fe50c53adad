import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The programs as they go to nodes, built into a folder of their own. */
export interface Built {
  readonly folder: string;
  /** Runs one in an empty working directory that holds `files`, with nothing but `environment`. */
  run(program: string, given: Given): Ended;
  remove(): void;
}

export interface Given {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Where the reason of a failure stands. */
  readonly lastLine: string;
  /** What lies in `outputs/` now. */
  readonly outputs: ReadonlyMap<string, Buffer>;
}

export function buildPrograms(): Built {
  const folder = mkdtempSync(path.join(tmpdir(), 'programs-'));
  const script = path.join(__dirname, '..', '..', 'scripts', 'build-programs.mjs');
  execFileSync(process.execPath, [script, folder]);

  return {
    folder,
    run: (program, given) => {
      const directory = mkdtempSync(path.join(folder, 'wd-'));
      for (const [name, content] of Object.entries(given.files ?? {})) {
        mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
        writeFileSync(path.join(directory, name), content);
      }
      const file = path.join(folder, 'src', 'workloads', program);
      const ended = spawnSync(process.execPath, [file], {
        cwd: directory,
        env: { ...given.environment },
        encoding: 'utf8',
      });
      return {
        exitCode: ended.status,
        stdout: ended.stdout,
        stderr: ended.stderr,
        lastLine: ended.stderr.trimEnd().split('\n').at(-1) ?? '',
        outputs: readOutputs(path.join(directory, 'outputs')),
      };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function readOutputs(folder: string): ReadonlyMap<string, Buffer> {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return new Map(names.map((name) => [name, readFileSync(path.join(folder, name))]));
}

/** `inputs.json` and the files it names, as the app stages them. */
export function inputs(
  ...list: readonly { readonly name: string; readonly content: string | Uint8Array }[]
): Readonly<Record<string, string | Uint8Array>> {
  const entries = list.map(({ name, content }, i) => ({
    file: `inputs/${String(i + 1).padStart(4, '0')}.dat`,
    name,
    size: Buffer.from(content).length,
    content,
  }));
  return {
    'inputs.json': JSON.stringify(entries.map(({ file, name, size }) => ({ file, name, size }))),
    ...Object.fromEntries(entries.map(({ file, content }) => [file, content])),
  };
}
