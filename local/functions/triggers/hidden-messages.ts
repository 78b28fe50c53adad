import fs from 'node:fs';
import path from 'node:path';

/**
 * The messages of a queue that are being handled, in a file. A host that is killed leaves them
 * hidden in the queue for minutes, as in Azure; by this file the next host names them.
 */
export class HiddenMessages {
  readonly #messages: Map<string, HiddenMessage>;

  /** Without a file nothing is kept. */
  constructor(readonly file: string | undefined) {
    this.#messages = new Map(file === undefined ? [] : read(file));
  }

  add(id: string, subject: string): void {
    this.#messages.set(id, { subject });
    this.#write();
  }

  remove(id: string): void {
    if (this.#messages.delete(id)) this.#write();
  }

  /**
   * Returns the messages that earlier hosts left hidden, each with the latest time at which it
   * becomes visible.
   */
  left(now: Date, hideSeconds: number): readonly Required<HiddenMessage>[] {
    const latest = new Date(now.getTime() + hideSeconds * 1000).toISOString();
    for (const [id, { subject, until = latest }] of this.#messages)
      if (until <= now.toISOString()) this.#messages.delete(id);
      else this.#messages.set(id, { subject, until });
    if (this.#messages.size > 0) this.#write();
    return [...this.#messages.values()].map(({ subject, until = latest }) => ({ subject, until }));
  }

  #write(): void {
    if (this.file === undefined) return;
    fs.mkdirSync(path.dirname(this.file), { recursive: true });
    fs.writeFileSync(`${this.file}.draft`, JSON.stringify([...this.#messages]));
    fs.renameSync(`${this.file}.draft`, this.file);
  }
}

interface HiddenMessage {
  /** The blob, or the id of the message. */
  readonly subject: string;
  /** Set by the first host that finds the message left. */
  readonly until?: string;
}

function read(file: string): readonly (readonly [string, HiddenMessage])[] {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as readonly (readonly [
      string,
      HiddenMessage,
    ])[];
  } catch {
    // Absent, or written by hand: only a line of the log depends on it.
    return [];
  }
}
