/** How an access ended, as it goes on record: with who gave it back, and the last use of its role, which is asked of AWS once. */
import type { End, StandingGrant } from './core/grant.ts'
import { endOf, type RequestRecord } from './core/record.ts'
import { whoGaveBack } from './end-early.ts'
import { accountOf, type GitHub, type World } from './world.ts'

/** What is on record already stays, so that a receipt says the same whenever it is written. */
export async function endOnRecord(
  world: World,
  github: GitHub,
  standing: StandingGrant,
  shown: End,
  judged: RequestRecord,
): Promise<End> {
  const end = endOf(shown, judged)
  if (judged.ended?.because === shown.because) return end
  const isUntold = end.because === 'given-back' && end.by === undefined
  const [lastUsed, by] = await Promise.all([
    world.grants.lastUse(accountOf(world, standing), standing),
    isUntold ? whoGaveBack(world, github, standing, judged) : end.by,
  ])
  return { ...end, ...(by && { by }), ...(lastUsed && { lastUsed }) }
}
