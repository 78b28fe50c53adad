/**
 * Long lists in pages. A list is created for its first page and kept for the following pages, so
 * that a caller sees each item once, independent of changes in between.
 */
export class Pages {
  readonly #lists = new Map<string, readonly string[]>();
  #count = 0;

  /** Returns the page of `token`, or the first one; `make` returns the whole list. */
  next(
    token: string | readonly string[] | undefined,
    size: number,
    make: () => readonly string[],
  ): Page {
    const [name = '', start = '0'] = String(token ?? '').split('-');
    // A list that is no longer kept is created again, and continued at the same position.
    const items = this.#lists.get(name) ?? make();
    const from = Number(start) || 0;
    const to = from + size;
    if (to >= items.length) {
      this.#lists.delete(name);
      return { items: items.slice(from, to), token: undefined };
    }
    return { items: items.slice(from, to), token: `${this.#keep(name, items)}-${to}` };
  }

  #keep(name: string, items: readonly string[]): string {
    if (this.#lists.has(name)) return name;
    const newName = String(++this.#count);
    this.#lists.set(newName, items);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size > KEPT && oldest !== undefined) this.#lists.delete(oldest);
    return newName;
  }
}

const KEPT = 8;

interface Page {
  readonly items: readonly string[];
  readonly token: string | undefined;
}
