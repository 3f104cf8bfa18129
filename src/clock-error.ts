/** Nothing new is granted by a machine whose clock is far off; what ends, ends by the time of GitHub and AWS all the same. */
import { formatDuration } from './core/window.ts'
import { Obstacle } from './ports.ts'
import type { World } from './world.ts'

/** Seconds. */
const MOST = 60

class ClockWrong extends Obstacle {
  override readonly name = 'ClockWrong'
}

/** Throws where this machine's clock is wrong by more than a minute. */
export function refuseByWrongClock({ clockError }: Pick<World, 'clockError'>): void {
  const error = Math.round(clockError?.() ?? 0)
  if (Math.abs(error) <= MOST) return
  const much = `${formatDuration(Math.abs(error))} ${error > 0 ? 'slow' : 'fast'}`
  throw new ClockWrong(
    `The clock of the machine that runs Daypass is ${much}, so nothing is granted by it.`,
    'Whoever runs it has to set it right, by NTP.',
  )
}
