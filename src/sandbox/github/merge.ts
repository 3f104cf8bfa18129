/** Merges pull requests by real git, in GitHub's three ways, guarded by the rules and by the head's sha. */
import type { NamedActor } from './auth.ts'
import { Refused } from './failure.ts'
import { NO_OBJECT } from './git.ts'
import type { Commit } from './git-objects.ts'
import { gitHubIdentity, identityOf } from './identity.ts'
import { mayBypass, missingForMerge } from './protection.ts'
import { pullCommits } from './pull-diff.ts'
import { markMerged, refMoved } from './ref-moves.ts'
import type { RefUpdate } from './ref-writer.ts'
import { fullName, type PullIssue, type Repository, type World } from './world.ts'

export const MERGE_METHODS = ['merge', 'squash', 'rebase'] as const

export interface MergeWish {
  readonly method: (typeof MERGE_METHODS)[number]
  readonly sha: string | undefined
  readonly title: string | undefined
  readonly message: string | undefined
}

interface Merge {
  readonly world: World
  readonly repository: Repository
  readonly issue: PullIssue
  readonly actor: NamedActor
  /** Tip of the base branch. */
  readonly base: string
  readonly wish: MergeWish
}

/** Merges and answers the new tip of the base branch; the caller holds the repository's lock. */
export async function mergePull(
  world: World,
  repository: Repository,
  issue: PullIssue,
  actor: NamedActor,
  wish: MergeWish,
): Promise<string> {
  const { pull } = issue
  const ref = `refs/heads/${pull.base.ref}`
  const base = await repository.git.refSha(ref)
  if (pull.merge || issue.state === 'closed' || base === undefined)
    throw new Refused(405, 'Pull Request is not mergeable')
  if (wish.sha !== undefined && wish.sha !== pull.head.sha) {
    throw new Refused(409, 'Head branch was modified. Review and try the merge again.')
  }
  if (pull.draft) throw new Refused(405, 'Pull Request is still a draft')
  const missing = await missingForMerge(world, repository, issue, wish.method)
  if (missing.length > 0 && !mayBypass(world, repository, actor)) {
    throw new Refused(405, `Repository rule violations found\n\n${missing.join('\n')}\n\n`)
  }
  const after = await newTip({ world, repository, issue, actor, base, wish })
  if (after === undefined) throw new Refused(405, 'Pull Request is not mergeable')
  if (actor.kind === 'installation' && wish.method !== 'rebase') world.signedCommits.add(after)
  if (!(await repository.git.updateRefs([{ ref, before: base, after }]))) {
    throw new Refused(409, 'Base branch was modified. Review and try the merge again.')
  }
  await markMerged(world, repository, issue, after, actor.user)
  await refMoved(world, repository, { ref, before: base, after, actor: actor.user, type: 'pr_merge' })
  return after
}

/** Undefined when there is a conflict. */
function newTip(merge: Merge): Promise<string | undefined> {
  switch (merge.wish.method) {
    case 'merge':
      return mergeCommit(merge)
    case 'squash':
      return squashCommit(merge)
    case 'rebase':
      return rebasedCommits(merge)
  }
}

async function mergeCommit({
  world,
  repository,
  issue,
  actor,
  base,
  wish,
}: Merge): Promise<string | undefined> {
  const { head } = issue.pull
  const tree = await repository.git.mergeTree(base, head.sha)
  if (tree === undefined) return undefined
  const title = wish.title ?? `Merge pull request #${issue.number} from ${head.owner.login}/${head.ref}`
  return repository.git.writeCommit({
    tree,
    parents: [base, head.sha],
    author: identityOf(actor.user, world.clock.now()),
    committer: gitHubIdentity(world.clock.now()),
    message: withBody(title, wish.message ?? issue.title),
  })
}

async function squashCommit({ world, repository, issue, base, wish }: Merge): Promise<string | undefined> {
  const tree = await repository.git.mergeTree(base, issue.pull.head.sha)
  if (tree === undefined) return undefined
  const commits = await commitsOf(repository, issue)
  const only = commits.length === 1 ? commits[0] : undefined
  const title = wish.title ?? `${only ? subject(only) : issue.title} (#${issue.number})`
  const message =
    wish.message ?? (only ? body(only) : commits.map((commit) => `* ${subject(commit)}`).join('\n\n'))
  const author = identityOf(issue.user, world.clock.now())
  return repository.git.writeCommit({
    tree,
    parents: [base],
    author,
    committer: gitHubIdentity(world.clock.now()),
    message: withBody(title, [message, coAuthors(commits, author.email)].filter(Boolean).join('\n\n')),
  })
}

async function rebasedCommits({ world, repository, issue, actor, base }: Merge): Promise<string | undefined> {
  const { git } = repository
  const committer = identityOf(actor.user, world.clock.now())
  let tip = base
  for (const commit of await commitsOf(repository, issue)) {
    // A merge commit brings nothing of its own: its commits are rebased one by one.
    if (commit.parents.length > 1) continue
    const tree = await pickedTree(repository, tip, commit)
    if (tree === undefined) return undefined
    tip = await git.writeCommit({
      tree,
      parents: [tip],
      author: commit.author,
      committer,
      message: commit.message,
    })
  }
  return tip === base ? undefined : tip
}

/** Cherry-picks by merging: a commit with the tip's tree on the picked commit's parent makes that parent the base. */
async function pickedTree({ git }: Repository, tip: string, picked: Commit): Promise<string | undefined> {
  const { tree } = await git.commitOrFail(tip)
  const ours = await git.writeCommit({
    tree,
    parents: picked.parents,
    author: picked.author,
    committer: picked.committer,
    message: 'The tip, as if it had started where the picked commit did\n',
  })
  return git.mergeTree(ours, picked.sha)
}

/** GitHub's test merge: says whether a merge would go through, and is `merge_commit_sha` until then. */
export async function testMerge(
  world: World,
  repository: Repository,
  issue: PullIssue,
): Promise<string | undefined> {
  const { git } = repository
  const { pull } = issue
  const base = await git.refSha(`refs/heads/${pull.base.ref}`)
  if (base === undefined) return undefined
  const known = pull.testMerge
  if (known?.base === base && known.head === pull.head.sha) return known.sha
  const tree = await git.mergeTree(base, pull.head.sha)
  const who = gitHubIdentity(world.clock.now())
  const parents = [base, pull.head.sha]
  const message = `Merge ${pull.head.sha} into ${base}`
  const sha = tree && (await git.writeCommit({ tree, parents, author: who, committer: who, message }))
  if (sha !== undefined) await git.updateRefs([await testMergeRef(repository, issue, sha)])
  pull.testMerge = { base, head: pull.head.sha, sha }
  return sha
}

async function testMergeRef({ git }: Repository, issue: PullIssue, after: string): Promise<RefUpdate> {
  const ref = `refs/pull/${issue.number}/merge`
  return { ref, before: (await git.refSha(ref)) ?? NO_OBJECT, after }
}

/** Brings the base branch into the head branch, as the button "Update branch" does; undefined on conflict. */
export async function updatedHead(
  world: World,
  repository: Repository,
  issue: PullIssue,
  actor: NamedActor,
): Promise<string | undefined> {
  const { git } = repository
  const { head, base } = issue.pull
  const tip = await git.refSha(`refs/heads/${base.ref}`)
  const tree = tip && (await git.mergeTree(head.sha, tip))
  if (!tip || !tree) return undefined
  return git.writeCommit({
    tree,
    parents: [head.sha, tip],
    author: identityOf(actor.user, world.clock.now()),
    committer: gitHubIdentity(world.clock.now()),
    message: `Merge branch '${base.ref}' of ${fullName(repository)} into ${head.ref}`,
  })
}

async function commitsOf(repository: Repository, issue: PullIssue): Promise<Commit[]> {
  const shas = await pullCommits(repository, issue)
  return Promise.all(shas.map((sha) => repository.git.commitOrFail(sha)))
}

function subject({ message }: Commit): string {
  return message.split('\n')[0] ?? ''
}

function body({ message }: Commit): string {
  return message.split('\n').slice(1).join('\n').trim()
}

function withBody(title: string, text: string): string {
  return text === '' ? title : `${title}\n\n${text}`
}

function coAuthors(commits: readonly Commit[], authorEmail: string): string {
  const others = commits.map(({ author }) => author).filter(({ email }) => email !== authorEmail)
  const trailers = others.map(({ name, email }) => `Co-authored-by: ${name} <${email}>`)
  return [...new Set(trailers)].join('\n')
}
