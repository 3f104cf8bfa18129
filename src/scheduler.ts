/** One run at a time for each repository: wake-ups are gathered, and each sleeps until its next opening, end or sweep. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from './clock.ts'

export interface Scheduler {
  /** Runs this repository in a moment, once for all wake-ups until then; one that comes during a run makes one more follow it. */
  wake(repositoryId: number): void
  /** Whether nothing runs and nothing is due. */
  idle(): boolean
  /** Takes no more wake-ups and waits until all that came before are dealt with: what they told of may be in no list. */
  stop(): Promise<void>
}

export interface SchedulerOptions {
  readonly clock: Clock
  /** Seconds after which a repository is looked at again, whatever happened. */
  readonly sweepSeconds: number
  /**
   * One look at a repository; returns when it must be looked at again (seconds since the epoch), if it knows. Never throws.
   * `isAwaited` tells whether one more is to follow it at once.
   */
  readonly run: (repositoryId: number, isAwaited: () => boolean) => Promise<number | undefined>
}

/** GitHub tells of one deed in several events, which come close together. In milliseconds, as the next two. */
const GATHERED_FOR = 100
/** What could not be finished is tried again, but never in a tight loop. */
const SHORTEST_PAUSE = 1000

interface Slot {
  running: Promise<void> | undefined
  again: boolean
  /** Milliseconds since the epoch. */
  due: number
  timer: NodeJS.Timeout | undefined
}

export function createScheduler({ clock, sweepSeconds, run }: SchedulerOptions): Scheduler {
  const slots = new Map<number, Slot>()
  let stopped = false

  function slotOf(repositoryId: number): Slot {
    const known = slots.get(repositoryId)
    if (known) return known
    const slot: Slot = { running: undefined, again: false, due: Number.POSITIVE_INFINITY, timer: undefined }
    slots.set(repositoryId, slot)
    return slot
  }

  function start(repositoryId: number, slot: Slot, after = 0): void {
    if (stopped) return
    if (slot.running) {
      slot.again = true
      return
    }
    clearTimeout(slot.timer)
    slot.running = runUntilQuiet(repositoryId, slot, after).finally(() => {
      slot.running = undefined
      sleep(repositoryId, slot)
    })
  }

  async function runUntilQuiet(repositoryId: number, slot: Slot, after: number): Promise<void> {
    if (after > 0) await pause(after)
    for (;;) {
      slot.again = false
      const next = (await run(repositoryId, () => slot.again)) ?? Number.POSITIVE_INFINITY
      slot.due = Math.max(
        Math.min(next * 1000, clock.now() + sweepSeconds * 1000),
        clock.now() + SHORTEST_PAUSE,
      )
      if (!slot.again) return
      await pause(GATHERED_FOR)
    }
  }

  function sleep(repositoryId: number, slot: Slot): void {
    clearTimeout(slot.timer)
    if (stopped) return
    const wait = Math.min(Math.max(slot.due - clock.now(), 0), sweepSeconds * 1000)
    slot.timer = setTimeout(() => {
      // A timer may fire a moment early; by more than that, the machine's clock was set back, and says nothing of when it is due.
      const early = slot.due - clock.now()
      if (early > 0 && early < SHORTEST_PAUSE) sleep(repositoryId, slot)
      else start(repositoryId, slot)
    }, wait)
  }

  clock.onJump(() => {
    for (const [repositoryId, slot] of slots) start(repositoryId, slot)
  })

  return {
    wake: (repositoryId) => start(repositoryId, slotOf(repositoryId), GATHERED_FOR),
    idle: () => [...slots.values()].every((slot) => !slot.running && slot.due > clock.now()),
    async stop() {
      stopped = true
      for (const slot of slots.values()) clearTimeout(slot.timer)
      await Promise.all([...slots.values()].map((slot) => slot.running))
    },
  }
}
