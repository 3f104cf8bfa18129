import { expect, test } from 'vitest'
import { whileNotAwaited } from '../src/while-not-awaited.ts'

/** A hundred of them, each of which takes a second of everybody's time. */
async function workThrough(isAwaited: boolean): Promise<{ done: number; most: number }> {
  let [done, running, most] = [0, 0, 0]
  const world = { isAwaited: () => isAwaited, now: () => done }
  await whileNotAwaited(world, Array.from({ length: 100 }), 4, async () => {
    running += 1
    most = Math.max(most, running)
    await Promise.resolve()
    running -= 1
    done += 1
  })
  return { done, most }
}

test('all is done where nobody waits, few at once', async () => {
  expect(await workThrough(false)).toEqual({ done: 100, most: 4 })
})

test('who waits for the next look waits for seconds, and something is done each time all the same', async () => {
  const { done } = await workThrough(true)
  expect(done).toBeGreaterThanOrEqual(10)
  expect(done).toBeLessThan(15)
})
