import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';

/** Editors save in several steps; a build waits until they have finished. */
const SETTLE_MS = 200;

/**
 * Builds the app in place when a file of `src` changes, and calls `onBuilt` after each build that
 * succeeded. A change during a build causes one more build.
 */
export function rebuildOnChange(
  root: string,
  print: (line: string) => void,
  onBuilt: () => Promise<void>,
): void {
  let isBuilding = false;
  let isStale = false;
  let timer: NodeJS.Timeout | undefined;
  const rebuild = async (): Promise<void> => {
    isStale = true;
    if (isBuilding) return;
    isBuilding = true;
    while (isStale) {
      isStale = false;
      if (await build(root, print)) await onBuilt();
    }
    isBuilding = false;
  };
  watch(join(root, 'src'), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void rebuild(), SETTLE_MS);
  });
}

async function build(root: string, print: (line: string) => void): Promise<boolean> {
  print('building');
  const { code, output } = await run(root, [join('scripts', 'build.mjs'), '--in-place']);
  if (code === 0) return true;
  for (const line of output.trimEnd().split('\n')) print(line);
  print('the build failed; the app as built before stays up');
  return false;
}

function run(cwd: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
