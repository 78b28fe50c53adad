/**
 * Chance that repeats itself. Each draw is named by a key instead of taking the next number of a
 * sequence: when a shrinker drops one fault, all other draws of the world stay the same.
 */
export class Chance {
  readonly #start: number;

  constructor(readonly seed: number) {
    this.#start = mix(seed ^ 0x9e3779b9);
  }

  /** From 0 up to but not including 1. */
  at(key: string): number {
    return mix(hashText(key, this.#start)) / 2 ** 32;
  }

  /** True in this share of all keys. */
  is(key: string, share: number): boolean {
    return share > 0 && this.at(key) < share;
  }

  /** A whole number from `low` to `high`, both included. */
  whole(key: string, low: number, high: number): number {
    return low + Math.floor(this.at(key) * (high - low + 1));
  }

  pick<Item>(key: string, items: readonly [Item, ...Item[]]): Item {
    return items[this.whole(key, 0, items.length - 1)] ?? items[0];
  }
}

/** FNV-1a in 32 bits, continued from `hash`. */
export function hashText(text: string, hash = 0x811c9dc5): number {
  let value = hash;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}

/** Spreads neighbouring numbers over all 32 bits. */
function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
