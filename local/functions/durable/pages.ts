/**
 * Long lists in pages. A list is made when its first page is asked for and kept for the pages
 * after it, so that a caller sees each item once, whatever moves meanwhile.
 */
export class Pages {
  readonly #lists = new Map<string, readonly string[]>();
  #count = 0;

  /** The page that `token` asks for, or the first one; `make` gives the whole list. */
  next(
    token: string | readonly string[] | undefined,
    size: number,
    make: () => readonly string[],
  ): Page {
    const [name = '', start = '0'] = String(token ?? '').split('-');
    // A list that is no longer kept is made anew, and gone on with at the same place.
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
