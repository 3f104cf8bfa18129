/** Opens a pull request, from a branch of the repository or of a fork, and reopens a closed one. */
import { canSee } from './access.ts'
import { pullEvent } from './events.ts'
import { invalid, Refused } from './failure.ts'
import { reopenIssue } from './pulls.ts'
import { takeHead } from './ref-moves.ts'
import { named, type RepositoryCall } from './router.ts'
import { nextNumber, type PullIssue, pullsOf, type Repository, type User } from './world.ts'

interface Head {
  readonly repository: Repository
  readonly ref: string
  readonly sha: string
}

export async function openPull(call: RepositoryCall): Promise<PullIssue> {
  const { world, repository } = call
  const { user } = named(call.actor)
  const input = call.input('PullRequest')
  const title = input.text('title')
  const body = input.optionalString('body') ?? null
  const baseRef = input.text('base')
  const wishedHead = input.text('head')
  const draft = input.optionalBoolean('draft') ?? false
  const maintainerCanModify = input.optionalBoolean('maintainer_can_modify') ?? false
  return repository.lock.run(async () => {
    const baseSha = await repository.git.refSha(`refs/heads/${baseRef}`)
    if (baseSha === undefined) throw invalid('PullRequest', 'base', 'invalid')
    const head = await findHead(call, wishedHead)
    checkIsNew(repository, head, baseRef)
    const at = world.clock.now()
    const issue: PullIssue = {
      id: world.nextId(),
      number: nextNumber(repository),
      title,
      body,
      user,
      state: 'open',
      stateReason: null,
      labels: [],
      assignees: [],
      createdAt: at,
      updatedAt: at,
      closedAt: undefined,
      closedBy: undefined,
      events: [],
      pull: {
        id: world.nextId(),
        draft,
        base: { ref: baseRef, sha: baseSha },
        head: { repository: head.repository, owner: head.repository.owner, ref: head.ref, sha: head.sha },
        maintainerCanModify,
        reviews: [],
        requestedReviewers: new Set(),
        requestedTeams: new Set(),
        merge: undefined,
        testMerge: undefined,
        autoMerge: undefined,
      },
    }
    await takeHead(repository, issue, head.sha)
    if (await repository.git.isAncestor(head.sha, baseSha)) {
      throw new Refused(422, 'Validation Failed', [
        { resource: 'PullRequest', code: 'custom', message: `No commits between ${baseRef} and ${head.ref}` },
      ])
    }
    if ((await repository.git.mergeBase(baseSha, head.sha)) === undefined) {
      throw new Refused(422, 'Validation Failed', [
        {
          resource: 'PullRequest',
          code: 'custom',
          message: `The ${head.ref} branch has no history in common with ${baseRef}`,
        },
      ])
    }
    repository.issues.set(issue.number, issue)
    await pullEvent(world, repository, issue, user, 'opened')
    return issue
  })
}

/** `branch`, or `owner:branch` for a fork. */
async function findHead({ world, repository, actor }: RepositoryCall, wish: string): Promise<Head> {
  const [first = '', second] = wish.split(':')
  const owner = second === undefined ? repository.owner.login : first
  const ref = second ?? first
  const sources = [...world.repositories.values()].filter(
    (candidate) =>
      candidate.owner.login.toLowerCase() === owner.toLowerCase() &&
      (candidate === repository || candidate.parent === repository) &&
      canSee(world, candidate, actor),
  )
  for (const source of sources) {
    const sha = await source.git.refSha(`refs/heads/${ref}`)
    if (sha !== undefined) return { repository: source, ref, sha }
  }
  throw invalid('PullRequest', 'head', 'invalid')
}

function checkIsNew(repository: Repository, head: Head, baseRef: string): void {
  const same = pullsOf(repository).some(
    ({ state, pull }) =>
      state === 'open' &&
      pull.head.repository === head.repository &&
      pull.head.ref === head.ref &&
      pull.base.ref === baseRef,
  )
  if (same) {
    const message = `A pull request already exists for ${head.repository.owner.login}:${head.ref}.`
    throw new Refused(422, 'Validation Failed', [{ resource: 'PullRequest', code: 'custom', message }])
  }
}

/** Only what was closed unmerged, and whose branch still leads on from where it was. */
export async function reopenPull(
  { world, repository }: RepositoryCall,
  issue: PullIssue,
  actor: User,
): Promise<void> {
  const { pull } = issue
  const source = pull.head.repository
  const head = await source?.git.refSha(`refs/heads/${pull.head.ref}`)
  const base = await repository.git.refSha(`refs/heads/${pull.base.ref}`)
  if (
    pull.merge ||
    source === undefined ||
    head === undefined ||
    base === undefined ||
    !(await source.git.isAncestor(pull.head.sha, head))
  ) {
    throw new Refused(422, 'Validation Failed', [
      {
        resource: 'PullRequest',
        field: 'state',
        code: 'invalid',
        message: `state cannot be changed. The ${pull.head.owner.login}:${pull.head.ref} branch was merged, deleted, force-pushed or recreated.`,
      },
    ])
  }
  checkIsNew(repository, { repository: source, ref: pull.head.ref, sha: head }, pull.base.ref)
  await takeHead(repository, issue, head)
  reopenIssue(world, issue, actor)
  await pullEvent(world, repository, issue, actor, 'reopened')
}
