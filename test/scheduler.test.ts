import { afterEach, expect, test, vi } from 'vitest'
import { createScheduler, type Scheduler } from '../src/scheduler.ts'

let scheduler: Scheduler
afterEach(() => scheduler.stop())

type Run = Parameters<typeof createScheduler>[0]['run']

function start(run: Run, { sweepSeconds = 300, now = Date.now } = {}): void {
  const clock = { now, onJump() {}, mark: () => 0, compare() {}, error: () => 0 }
  scheduler = createScheduler({ clock, sweepSeconds, run })
}

test('what was heard of just before the end is still dealt with', async () => {
  const looks: string[] = []
  start(async () => {
    looks.push('look')
    return undefined
  })
  scheduler.wake(1)
  await scheduler.stop()

  expect(looks).toHaveLength(1)
})

test('so is what was heard of while a last look was under way, and nothing after it', async () => {
  const looks: string[] = []
  start(async () => {
    looks.push('look')
    if (looks.length > 1) return undefined
    scheduler.wake(1)
    void scheduler.stop()
    scheduler.wake(1)
    scheduler.wake(2)
    return undefined
  })
  scheduler.wake(1)
  await vi.waitFor(() => expect(looks).toHaveLength(2))
  await scheduler.stop()

  expect(looks).toHaveLength(2)
})

test('a look hears that the next one is waited for, and that one hears of none', async () => {
  const heard: boolean[] = []
  start(async (id, isAwaited) => {
    heard.push(isAwaited())
    if (heard.length > 1) return undefined
    scheduler.wake(id)
    heard.push(isAwaited())
    return undefined
  })
  scheduler.wake(1)
  await vi.waitFor(() => expect(heard).toHaveLength(3))

  expect(heard).toEqual([false, true, false])
})

test('a clock that was set back does not keep a sweep from coming', async () => {
  const looks: string[] = []
  let behind = 0
  const run = async () => {
    looks.push('look')
    return undefined
  }
  start(run, { sweepSeconds: 0.05, now: () => Date.now() - behind })
  scheduler.wake(1)
  await vi.waitFor(() => expect(looks).toHaveLength(1))
  behind = 3_600_000

  await vi.waitFor(() => expect(looks.length).toBeGreaterThan(1))
})
