/** Names that go into commits. */
import type { Identity } from './git-objects.ts'
import type { User } from './world.ts'

export function identityOf(user: User, milliseconds: number): Identity {
  return { name: user.name, email: user.email, seconds: Math.floor(milliseconds / 1000) }
}

/** What GitHub puts as committer where it makes the commit itself. */
export function gitHubIdentity(milliseconds: number): Identity {
  return { name: 'GitHub', email: 'noreply@github.com', seconds: Math.floor(milliseconds / 1000) }
}
