import { hashText } from './chance';

/** All that happened in a world, as one number: the same seed has to give the same one. */
export class Trace {
  #hash = 0x811c9dc5;
  calls = 0;
  /** The newest lines, when somebody wants to read them. */
  readonly lines: string[] = [];

  constructor(readonly keepsLines = false) {}

  note(now: number, line: string): void {
    this.calls += 1;
    this.#hash = hashText(line, (this.#hash ^ (now / 1000)) >>> 0);
    if (this.keepsLines) this.lines.push(`${new Date(now).toISOString()} ${line}`);
  }

  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }
}
