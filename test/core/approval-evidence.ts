/** Evidence that holds in every respect, and small ways to spoil it. */
import type {
  Commit,
  Evidence,
  MergedPull,
  Owner,
  Permission,
  Person,
  Review,
} from '../../src/core/evidence.ts'

const person = (id: number, login: string): Person => ({ id, login, kind: 'person' })

export const alice = person(1, 'alice')
export const bob = person(2, 'bob')
export const olivia = person(3, 'olivia')
export const oscar = person(4, 'oscar')
export const mallory = person(5, 'mallory')
export const robot: Person = { id: 6, login: 'robot[bot]', kind: 'bot' }
export const webFlow = person(19864447, 'web-flow')

export const PATH = 'access-requests/prod/customer-exports/alice.yaml'
export const MERGED_AT = 2_000_000
export const FILE = { blob: 'b'.repeat(40), mode: '100644' } as const
export const OTHER = { blob: 'e'.repeat(40), mode: '100644' } as const

export const team = {
  kind: 'team',
  text: '@acme/data-owners',
  canWrite: true,
  members: [olivia, oscar],
} as const satisfies Owner

export const user = (of: Person, permission: Permission = 'write'): Owner => ({
  kind: 'user',
  text: `@${of.login}`,
  person: of,
  permission,
})

export const commit = (changes: Partial<Commit> = {}): Commit => ({
  sha: 'c0ffee0'.padEnd(40, '0'),
  author: alice,
  committer: webFlow,
  coAuthors: [],
  touchesFile: true,
  ...changes,
})

export const review = (changes: Partial<Review> = {}): Review => ({
  id: 10,
  person: olivia,
  state: 'approved',
  commit: 'c0ffee0'.padEnd(40, '0'),
  submittedAt: MERGED_AT - 100,
  // A copy: what counts is what it says, not which object it is.
  file: { ...FILE },
  ...changes,
})

export const pull = (changes: Partial<MergedPull> = {}): MergedPull => ({
  number: 7,
  author: alice,
  baseRepositoryId: 99,
  baseBranch: 'main',
  headSha: 'c0ffee0'.padEnd(40, '0'),
  merged: true,
  mergedAt: MERGED_AT,
  mergedBy: olivia,
  mergeSha: 'd00d'.padEnd(40, '0'),
  files: [{ path: PATH, status: 'added' }],
  commits: [commit()],
  reviews: [review()],
  ...changes,
})

export const evidence = (changes: Partial<Evidence> = {}): Evidence => ({
  repositoryId: 99,
  defaultBranch: 'main',
  path: PATH,
  onBranch: { ...FILE },
  pull: pull(),
  atMerge: FILE,
  beforeMerge: 'missing',
  mergedInView: true,
  takenOutSince: false,
  requester: 'alice',
  authorPermission: 'read',
  owners: { file: '.github/CODEOWNERS', line: 1, owners: [team] },
  approvalsNeeded: 1,
  mergeBy: 'owners',
  trustRoot: { holds: true },
  ...changes,
})

/** Evidence of which only the pull request differs. */
export const withPull = (changes: Partial<MergedPull>, rest: Partial<Evidence> = {}): Evidence =>
  evidence({ ...rest, pull: pull(changes) })

export const withReviews = (...reviews: Review[]): Evidence => withPull({ reviews })

export const withCommits = (...commits: Commit[]): Evidence => withPull({ commits })

/** The same before the merge. */
export const open = (of: Evidence): Evidence => ({
  ...of,
  onBranch: 'missing',
  pull: of.pull && { ...of.pull, merged: false, mergedAt: undefined, mergeSha: undefined, mergedBy: null },
})
