/** Who is who in the evidence: people apart from bots, owners who count, and everybody with a hand in a change. */
import type { Commit, MergedPull, Owner, PathOwners, Permission, Person } from './evidence.ts'

/** The committer of whatever GitHub commits itself, in its editor or at a merge: known, and nobody. */
export const WEB_FLOW = 'web-flow'

export function isPerson(account: Person): boolean {
  return account.kind === 'person' && !sameLogin(account.login, WEB_FLOW)
}

/** Logins are ASCII; anything else is nobody's, so that no look-alike is folded into one. */
export function sameLogin(one: string, other: string): boolean {
  return isAscii(one) && isAscii(other) && one.toLowerCase() === other.toLowerCase()
}

function isAscii(text: string): boolean {
  return /^[!-~]+$/.test(text)
}

/** Owners whose approval could count, by user id: people with write access, named themselves or through a team. */
export function countingOwners({ owners }: Pick<PathOwners, 'owners'>): ReadonlyMap<number, Person> {
  return new Map(owners.flatMap(peopleOf).map((person) => [person.id, person]))
}

/** An owner on the line who can't count. */
export interface SilentOwner {
  /** As CODEOWNERS has it. */
  readonly text: string
  readonly why: string
}

export function silentOwners({ owners }: PathOwners): readonly SilentOwner[] {
  return owners
    .filter((owner) => peopleOf(owner).length === 0)
    .map((owner) => ({ text: owner.text, why: whySilent(owner) }))
}

/** Who can count of those behind one owner's name. */
export function peopleOf(owner: Owner): readonly Person[] {
  switch (owner.kind) {
    case 'user':
      return owner.person !== null && isPerson(owner.person) && canWrite(owner.permission)
        ? [owner.person]
        : []
    case 'team':
      return owner.canWrite ? owner.members.filter(isPerson) : []
    case 'email':
    case 'unresolved':
      return []
  }
}

function whySilent(owner: Owner): string {
  switch (owner.kind) {
    case 'user':
      if (owner.person === null) return 'GitHub does not know it'
      return isPerson(owner.person) ? 'it has no write access' : 'it is not a person'
    case 'team':
      return owner.canWrite ? 'the team has no members' : 'the team has no write access'
    case 'email':
      return "an e-mail address can't be tied to a reviewer safely"
    case 'unresolved':
      return owner.why
  }
}

function canWrite(permission: Permission): boolean {
  return permission === 'write' || permission === 'maintain' || permission === 'admin'
}

/** User ids of everybody with a hand in the change: none of them can approve it. */
export function involvedIds(pull: MergedPull): ReadonlySet<number> {
  const people = [pull.author, ...touchingCommits(pull).flatMap(peopleBehind)]
  return new Set(people.flatMap((person) => (person === null ? [] : [person.id])))
}

/** A commit that touches the file and hides who made it: that could be the approver. */
export function findUnattributable(pull: MergedPull): Commit | undefined {
  return touchingCommits(pull).find((commit) =>
    peopleBehind(commit).some((person) => person === null || sameLogin(person.login, WEB_FLOW)),
  )
}

export function touchingCommits({ commits }: MergedPull): readonly Commit[] {
  return commits.filter(({ touchesFile }) => touchesFile)
}

/** GitHub as the committer leaves nobody behind the commit but its authors. */
function peopleBehind({ author, committer, coAuthors }: Commit): readonly (Person | null)[] {
  const byGitHub = committer !== null && sameLogin(committer.login, WEB_FLOW)
  return byGitHub ? [author, ...coAuthors] : [author, committer, ...coAuthors]
}
