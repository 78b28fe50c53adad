/** Bounded concurrency over items that may be without end: what is not asked for is not made. */

type Items<Item> = AsyncIterable<Item> | Iterable<Item>;

/**
 * Does `work` for every item, at most `width` at a time. After a failure no more are begun, and the
 * first failure is thrown once all that had begun is still.
 */
export async function eachAtOnce<Item>(
  items: Items<Item>,
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const source = each(items);
  const failures: unknown[] = [];
  const takeTurns = async (): Promise<void> => {
    try {
      // Turns that ask at the same moment are answered one after another.
      for (let next = await source.next(); next.done !== true; next = await source.next()) {
        await work(next.value);
        if (failures.length > 0) return;
      }
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(Array.from({ length: width }, takeTurns));
  if (failures.length === 0) return;
  await source.return(undefined);
  throw failures[0];
}

/** What `work` makes of each item, in order, made up to `width` items ahead of the reader. */
export async function* mapAhead<Item, Made>(
  items: Items<Item>,
  width: number,
  work: (item: Item) => Promise<Made>,
): AsyncGenerator<Made, void, undefined> {
  const ahead: Promise<Made>[] = [];
  for await (const item of items) {
    const made = work(item);
    // Whoever awaits it hears of a failure; until then it must not count as unheard.
    made.catch(() => {});
    ahead.push(made);
    const first = ahead.length < width ? undefined : ahead.shift();
    if (first !== undefined) yield await first;
  }
  for (const made of ahead) yield await made;
}

async function* each<Item>(items: Items<Item>): AsyncGenerator<Item, void, undefined> {
  yield* items;
}
