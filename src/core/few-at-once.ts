/**
 * Does something with each of many, few of them at once: however many there are, they fill neither the memory nor the time
 * between other work. Returns what came of each, in their order; after one that fails no other is begun.
 */
export async function fewAtOnce<T, R>(
  items: Iterable<T>,
  most: number,
  task: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const left = numbered(items)
  const work = async () => {
    for (const [index, item] of left) results[index] = await task(item)
  }
  await Promise.all(Array.from({ length: most }, work))
  return results
}

/** All of those who take from it are at its end once one of them has failed, as it is a generator. */
function* numbered<T>(items: Iterable<T>): Generator<readonly [number, T]> {
  let index = 0
  for (const item of items) yield [index++, item]
}
