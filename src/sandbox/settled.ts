/** Tells when nothing is in flight any more: no delivery, no call, and the app idle at the sandbox's time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AppProcess } from './app-process.ts'
import type { CallLog } from './calls.ts'
import type { SandboxClock } from './clock.ts'

export interface Watched {
  readonly clock: SandboxClock
  readonly calls: CallLog
  readonly app: AppProcess
  /** Webhooks sent and not yet answered. */
  pendingDeliveries(): number
}

/** Empty when all has come to rest within the time; else what still moves, in words. */
export async function settle(watched: Watched, withinMs: number): Promise<readonly string[]> {
  const deadline = performance.now() + withinMs
  let restedAt: number | undefined
  for (;;) {
    const moving = await whatMoves(watched)
    const arrived = watched.calls.arrived()
    // A single look may fall between a delivery and the call it leads to: the second must find that nothing began.
    if (moving.length === 0 && restedAt === arrived) return []
    restedAt = moving.length === 0 ? arrived : undefined
    if (performance.now() > deadline) return moving.length > 0 ? moving : ['calls that keep coming']
    await sleep(LOOK_INTERVAL_MS)
  }
}

const LOOK_INTERVAL_MS = 50
/** How far the app's time may be from the sandbox's before it counts as not having followed yet. */
const LARGEST_SKEW_MS = 2_000

async function whatMoves(watched: Watched): Promise<string[]> {
  const onWires = whatIsOnWires(watched)
  if (onWires.length > 0) return onWires
  return [...(await whatTheAppDoes(watched)), ...whatIsOnWires(watched)]
}

function whatIsOnWires({ pendingDeliveries, calls }: Watched): string[] {
  const deliveries = pendingDeliveries()
  const open = calls.inFlight()
  return [
    ...(deliveries > 0 ? [`webhook deliveries not answered yet: ${deliveries}`] : []),
    ...(open > 0 ? [`calls in flight: ${open}`] : []),
  ]
}

async function whatTheAppDoes({ app, clock }: Watched): Promise<string[]> {
  const state = app.state()
  switch (state.kind) {
    case 'down':
      return []
    case 'crashed':
      return [state.detail]
    case 'starting':
    case 'ending':
      return [`the app is ${state.kind}`]
    case 'up': {
      const health = await app.health()
      if (!health) return ['the app does not answer /healthz']
      const moves: string[] = []
      if (!health.idle) moves.push('the app is at work')
      if (Math.abs(health.now - clock.now()) > LARGEST_SKEW_MS)
        moves.push("the app has not followed the sandbox's clock yet")
      return moves
    }
  }
}
