/** Lets so many tasks through at once; the others wait, in the order in which they came. */
export function createGate(most: number): <R>(task: () => Promise<R>) => Promise<R> {
  let free = most
  const waiting: (() => void)[] = []
  return async (task) => {
    if (free > 0) free -= 1
    else await new Promise<void>((pass) => waiting.push(pass))
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}
