/** The commits that wait for checks: heads of open pull requests, and of merge groups. */
import type { OpenPull } from './ports.ts'
import type { GitHub } from './world.ts'

export type Head = PullHead | GroupHead

export interface PullHead
  extends Pick<OpenPull, 'baseBranch' | 'draft' | 'updatedAt' | 'createdAt' | 'labels'> {
  readonly kind: 'pull'
  readonly sha: string
  readonly pull: number
}

export interface GroupHead {
  readonly kind: 'group'
  readonly sha: string
  /** The last pull request in it. */
  readonly pull: number
  /** All that wait in any group: it may hold several of them. */
  readonly queued: readonly OpenPull[]
}

/** Check runs belong to commits: those that share one get one check, which has to be true of each. */
export type HeadsOfCommit = readonly [Head, ...Head[]]

/** By commit. */
export async function readHeads({
  reader,
  defaultBranch,
}: GitHub): Promise<ReadonlyMap<string, HeadsOfCommit>> {
  const [pulls, groups] = await Promise.all([reader.openPulls(), reader.mergeGroups()])
  const queued = pulls.filter(({ number }) => groups.some(({ pull }) => pull === number))
  const heads: readonly Head[] = [
    ...pulls.map(({ number: pull, headSha: sha, ...told }): Head => ({ kind: 'pull', sha, pull, ...told })),
    ...groups.map(({ headSha: sha, pull }): Head => ({ kind: 'group', sha, pull, queued })),
  ]
  const byCommit = new Map<string, HeadsOfCommit>()
  for (const head of heads) {
    const others = byCommit.get(head.sha)
    byCommit.set(head.sha, others === undefined ? [head] : [...others, head])
  }
  return new Map([...byCommit].map(([sha, sharing]) => [sha, bound(sharing, defaultBranch)]))
}

/** What goes into another branch says nothing of a commit that is to come onto the default branch as well. */
function bound(heads: HeadsOfCommit, defaultBranch: string): HeadsOfCommit {
  const [first, ...others] = heads.filter(
    (head) => head.kind === 'group' || head.baseBranch === defaultBranch,
  )
  return first === undefined ? heads : [first, ...others]
}
