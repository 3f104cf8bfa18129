/** Does something with each of many, few of them at once: however many there are, they fill neither the memory nor the time between other work. */
export async function fewAtOnce<T>(
  items: Iterable<T>,
  most: number,
  task: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = [...items].values()
  const work = async () => {
    for (const item of left) await task(item)
  }
  await Promise.all(Array.from({ length: most }, work))
}
