/**
 * IAM's eventual consistency: readers, and whatever decides over access, see a change only some time after it was made
 * (IAM User Guide, troubleshoot_general.html#troubleshoot_general_eventual-consistency).
 */
import type { Account, Identity, World } from './state.ts'

/** How things stood before a change, for as long as that is what is seen. */
export interface Past {
  /** Milliseconds since the epoch, in the sandbox's time. */
  readonly until: number
  readonly accounts: Map<string, Account>
  readonly identities: Map<string, Identity>
}

/** The world as it is seen now: as it was before the oldest change that has not come through yet. */
export function seenWorld(world: World): World {
  const now = world.clock.now()
  world.past = world.past.filter(({ until }) => until > now)
  const [oldest] = world.past
  return oldest === undefined ? world : { ...world, accounts: oldest.accounts, identities: oldest.identities }
}

/** Makes a change, which is seen at once where no delay is set. A change that is refused leaves nothing behind. */
export function changeIam<T>(world: World, change: () => T): T {
  if (world.iamDelayMs === 0) return change()
  const { accounts, identities } = structuredClone({ accounts: world.accounts, identities: world.identities })
  const result = change()
  world.past.push({ until: world.clock.now() + world.iamDelayMs, accounts, identities })
  return result
}

/** What can be set of the sandbox's IAM while it runs. */
export interface IamSettings {
  delayMs(): number
  /** 0: every change is seen at once, also those that were made before. */
  setDelay(milliseconds: number): void
  /** The most roles that each account may have. */
  rolesQuotas(): Readonly<Record<string, number>>
  setRolesQuota(quota: number): void
}

export function iamSettings(world: World): IamSettings {
  return {
    delayMs: () => world.iamDelayMs,
    setDelay(milliseconds) {
      world.iamDelayMs = milliseconds
      if (milliseconds === 0) world.past = []
    },
    rolesQuotas: () =>
      Object.fromEntries([...world.accounts.values()].map(({ name, rolesQuota }) => [name, rolesQuota])),
    setRolesQuota(quota) {
      for (const account of world.accounts.values()) account.rolesQuota = quota
    },
  }
}
