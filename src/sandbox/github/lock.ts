/** One at a time: what is done under a lock starts when everything before it has ended. */
export interface Lock {
  run<Result>(work: () => Promise<Result>): Promise<Result>
}

export function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve()
  return {
    run(work) {
      const result = last.then(work, work)
      last = result.catch(() => {})
      return result
    },
  }
}
