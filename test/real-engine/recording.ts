import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Returns the recorded facts of a scenario. */
export function recorded(group: string, title: string): unknown {
  return JSON.parse(readFileSync(fileOf(group, title), 'utf8'));
}

/** Returns the recorded facts of a scenario; to record them again, delete the file. */
export function recordedOr(group: string, title: string, facts: unknown): unknown {
  const file = fileOf(group, title);
  if (!existsSync(file)) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(facts, null, 2)}\n`);
  }
  return recorded(group, title);
}

function fileOf(group: string, title: string): string {
  const name = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return path.join(__dirname, 'recorded', group, `${name}.json`);
}
