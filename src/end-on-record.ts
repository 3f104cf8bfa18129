/** How an access ended, as it goes on record: with the last use of its role, which is asked of AWS once. */
import type { End, StandingGrant } from './core/grant.ts'
import { endOf, type RequestRecord } from './core/record.ts'
import { accountOf, type World } from './world.ts'

/** What is on record already stays, so that a receipt says the same whenever it is written. */
export async function endOnRecord(
  world: World,
  standing: StandingGrant,
  shown: End,
  judged: RequestRecord,
): Promise<End> {
  const end = endOf(shown, judged)
  if (judged.ended?.because === shown.because) return end
  const lastUsed = await world.grants.lastUse(accountOf(world, standing), standing)
  return lastUsed === undefined ? end : { ...end, lastUsed }
}
