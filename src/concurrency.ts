/** Items of any number, which are produced only as they are needed. */
type Items<Item> = AsyncIterable<Item> | Iterable<Item>;

/**
 * Calls `work` for every item, at most `width` at a time. After a failure no more calls are started,
 * and the first failure is thrown once all started calls have ended.
 */
export async function eachAtOnce<Item>(
  items: Items<Item>,
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const source = each(items);
  const failures: unknown[] = [];
  const runWorker = async (): Promise<void> => {
    try {
      // The generator answers simultaneous requests one after the other.
      for (let next = await source.next(); next.done !== true; next = await source.next()) {
        await work(next.value);
        if (failures.length > 0) return;
      }
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(Array.from({ length: width }, runWorker));
  if (failures.length === 0) return;
  await source.return(undefined);
  throw failures[0];
}

/** The results of `work` for each item, in order, computed up to `width` items ahead of the reader. */
export async function* mapAhead<Item, Result>(
  items: Items<Item>,
  width: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const ahead: Promise<Result>[] = [];
  for await (const item of items) {
    const result = work(item);
    // A failure is thrown where the result is awaited; until then it must not count as unhandled.
    result.catch(() => {});
    ahead.push(result);
    const first = ahead.length < width ? undefined : ahead.shift();
    if (first !== undefined) yield await first;
  }
  for (const result of ahead) yield await result;
}

async function* each<Item>(items: Items<Item>): AsyncGenerator<Item, void, undefined> {
  yield* items;
}
