/** What the status of a check run reads as: GitHub completes by itself one that is open for too long. */
import type { CheckAction, CheckRun, World } from './world.ts'

/** Milliseconds. */
const STALE_AFTER = 14 * 86_400_000

export interface CheckState {
  readonly status: CheckRun['status']
  readonly conclusion: CheckRun['conclusion'] | 'stale'
  readonly completedAt: number | undefined
}

export function checkState({ clock }: World, run: CheckRun): CheckState {
  const staleAt = run.startedAt + STALE_AFTER
  if (run.status === 'completed' || clock.now() <= staleAt) return run
  return { status: 'completed', conclusion: 'stale', completedAt: staleAt }
}

/** The buttons that its page shows: none before it is completed. */
export function shownActions(world: World, run: CheckRun): readonly CheckAction[] {
  return checkState(world, run).status === 'completed' ? run.actions : []
}
