/** Ends grants in AWS, and tells of it. */
import { endedEvent } from './core/event.ts'
import type { Person } from './core/evidence.ts'
import type { EndReason, StandingGrant } from './core/grant.ts'
import { accountOf, attempt, tell, type World } from './world.ts'

export interface Ending {
  readonly standing: StandingGrant
  readonly because: EndReason
  readonly by?: Person
  readonly detail?: string
}

/** Returns what stands, each one denied as denied; one whose denial failed as it was. Of two endings the first one counts. */
export async function denyEach(
  world: World,
  standing: readonly StandingGrant[],
  endings: readonly Ending[],
): Promise<readonly StandingGrant[]> {
  const ended = new Map<StandingGrant, StandingGrant>()
  const firstOf = new Map(endings.toReversed().map((ending) => [ending.standing, ending]))
  await Promise.all(
    standing
      .flatMap((grant) => firstOf.get(grant) ?? [])
      .map((ending) =>
        attempt(
          world,
          'end a grant',
          { role: ending.standing.roleArn, because: ending.because },
          async () => {
            ended.set(ending.standing, await deny(world, ending))
          },
        ),
      ),
  )
  return standing.map((grant) => ended.get(grant) ?? grant)
}

async function deny(world: World, { standing, because, by, detail }: Ending): Promise<StandingGrant> {
  // A window that is over was closed by AWS at its end, whenever the app gets round to it.
  const at = because === 'expired' ? Math.min(world.now(), standing.window.end) : world.now()
  const account = accountOf(world, standing)
  await world.grants.deny(account, standing, at, because)
  world.log.info(
    { repository: world.repository.id, role: standing.roleArn, because, by: by?.login, detail },
    'Ended access',
  )
  await tell(world, endedEvent(standing, account, { at, because, by, detail }))
  const state = { kind: 'ended', at, because, ...(by && { by }), ...(detail && { detail }) } as const
  const ended: StandingGrant = { ...standing, state }
  // IAM may list it as it was for a while: it would be ended anew, for another reason.
  world.memory.written.set(standing.roleName, { standing: ended, at: world.now() })
  return ended
}
