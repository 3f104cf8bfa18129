/** Attacks on the approval itself: none, of something else, by the wrong person, too late, or taken back. */
import { afterAll, describe, expect, test } from 'vitest'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { requestYaml, type TestWorld } from '../support/world.ts'
import { type Attack, stage } from './stage.ts'
import {
  ask,
  CODEOWNERS,
  expectReading,
  forge,
  GREEDY,
  grant,
  moveBranch,
  openPull,
  pathOf,
  push,
  refusalOf,
  review,
  type Signature,
} from './support.ts'

const AUTO_MERGE = `mutation ($pull: ID!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $pull, mergeMethod: SQUASH}) { clientMutationId }
}`
const TEAM = { org: 'acme', team_slug: 'data-owners' }
const OSCAR: Signature = { name: 'Oscar Olsen', email: 'oscar@acme.example' }
const NOBODY: Signature = { name: 'Nobody', email: 'nobody@nowhere.example' }

/** Asked and approved, if by anybody, and merged by an owner. */
async function merged(world: TestWorld, name: string, approvers: readonly string[]): Promise<OpenedRequest> {
  const request = await ask(world, { name })
  for (const login of approvers) await world.approve(login, request)
  await world.merge('olivia', request)
  return request
}

export function approvals(world: () => TestWorld): void {
  describe('the approval', () => {
    const attack = stage(world, {
      before: (world) => ownPaths(world),
      async between(world) {
        const { teams, orgs, repos } = world.github('root')
        await teams.removeMembershipForUserInOrg({ ...TEAM, username: 'oscar' })
        await teams.addOrUpdateMembershipForUserInOrg({ ...TEAM, username: 'mallory' })
        await orgs.removeMember({ org: 'acme', username: 'bob' })
        const repository = named(world.repositories.unprotected)
        await repos.removeCollaborator({ ...repository, username: 'bob' })
      },
    })
    let honest: OpenedRequest

    attack('a request that nobody approved is merged by an owner', 'approvals-missing', async (rest) => {
      honest = await grant(world(), { name: 'honest' })
      const request = await merged(world(), 'none', [])
      await rest()
      return request
    })

    test('what an uninvolved owner approved and merged is granted, so that a denial means something', () =>
      expectReading(world(), 'alice', honest))

    wrongPeople(world, attack)
    otherBytes(world, attack)
    takenBack(world, attack)

    afterAll(async () => {
      const { teams } = world().github('root')
      await teams.addOrUpdateMembershipForUserInOrg({ ...TEAM, username: 'oscar' })
      await teams.removeMembershipForUserInOrg({ ...TEAM, username: 'mallory' })
    })
  })
}

/** Gives single paths to people of their own, as an owner may. */
function ownPaths(world: TestWorld): Promise<unknown> {
  const repository = world.repositories.unprotected
  return world.fileOnMain(repository, CODEOWNERS).then((owners) =>
    world.land(repository, {
      branch: 'owners',
      files: {
        [CODEOWNERS]: [
          owners,
          `${pathOf('self')} @alice @acme/data-owners`,
          `${pathOf('for-me')} @alice @acme/data-owners`,
          `${pathOf('by-mail')} olivia@acme.example`,
          `${pathOf('ex-member')} @bob @olivia`,
          '',
        ].join('\n'),
      },
    }),
  )
}

function wrongPeople(world: () => TestWorld, attack: Attack): void {
  attack('an owner asks, approves and merges alone', 'approvals-missing', async () => {
    const request = await ask(world(), { name: 'self' })
    expect(await refusalOf(world().approve('alice', request))).toBe(422)
    await world().merge('alice', request)
    return request
  })

  attack('an owner has a friend open their request, and approves it', 'requester-not-author', async () => {
    const yaml = requestYaml({ requester: 'alice' })
    const request = await ask(world(), { name: 'for-me', login: 'mallory', yaml })
    await world().approve('alice', request)
    await world().merge('alice', request)
    return request
  })

  attack('somebody who owns nothing approves', 'not-an-owner', () => merged(world(), 'friend', ['mallory']))

  attack('an administrator who owns nothing approves', 'not-an-owner', () =>
    merged(world(), 'by-root', ['root']),
  )

  attack('a review is written, but never submitted', 'approvals-missing', async () => {
    const request = await ask(world(), { name: 'pending' })
    const at = { ...named(request.repository), pull_number: request.pull, commit_id: request.head }
    await world().github('olivia').pulls.createReview(at)
    await world().merge('olivia', request)
    return request
  })

  attack('an owner who is named by an e-mail address approves', 'no-owner', () =>
    merged(world(), 'by-mail', ['olivia']),
  )

  attack('an owner without write access approves', 'no-owner', async () => {
    const [repository = ''] = world().repositories.spare
    const { repos } = world().github('root')
    const owners = await world().fileOnMain(repository, CODEOWNERS)
    await world().land(repository, {
      branch: 'owners',
      files: { [CODEOWNERS]: `${owners}${pathOf('no-write')} @mallory\n` },
    })
    await repos.addCollaborator({ ...named(repository), username: 'mallory', permission: 'pull' })
    const request = await ask(world(), { name: 'no-write', repository })
    await world().approve('mallory', request)
    await world().merge('olivia', request)
    return request
  })

  attack('an owner approves, and leaves the team before the merge', 'not-an-owner', async (rest) => {
    const request = await ask(world(), { name: 'left-the-team' })
    await world().approve('oscar', request)
    await rest()
    await world().merge('olivia', request)
    return request
  })

  attack('an owner approves, and leaves the organization before the merge', 'not-an-owner', async (rest) => {
    const request = await ask(world(), { name: 'ex-member' })
    await world().approve('bob', request)
    await rest()
    await world().merge('olivia', request)
    return request
  })

  attack('somebody who approved becomes an owner after the merge', 'not-an-owner', async (rest) => {
    const request = await merged(world(), 'joined-late', ['mallory'])
    await rest()
    return request
  })

  const withHand = async (
    hand: string,
    signed: { readonly author?: Signature; readonly committer?: Signature; readonly message?: string },
  ) => {
    const request = await ask(world(), { name: `by-${hand}` })
    const entries = [entryOf(request, requestYaml({ duration: '8h' }))]
    const { repository, branch } = request
    const head = await forge(world().github('alice'), repository, { branch, entries, ...signed })
    await world().approve('oscar', { ...request, head })
    await world().merge('olivia', { ...request, head })
    return request
  }

  attack('an owner approves a commit that they are the author of', 'involved', () =>
    withHand('author', { author: OSCAR }),
  )

  attack('an owner approves a commit that they are the committer of', 'involved', () =>
    withHand('committer', { committer: OSCAR }),
  )

  attack('an owner approves a commit that they are a co-author of', 'involved', () =>
    withHand('co-author', { message: 'Widen\n\nCo-authored-by: O <104+oscar@users.noreply.github.com>' }),
  )

  attack('an owner alters the request, has it put back, and approves', 'involved', async () => {
    const request = await ask(world(), { name: 'hands-off' })
    await push(world(), 'oscar', request, GREEDY)
    const back = await push(world(), 'alice', request, requestYaml({}))
    await world().approve('oscar', back)
    await world().merge('olivia', back)
    return request
  })

  attack(
    'an owner approves a commit of their own under a name that nobody bears',
    'commit-unattributable',
    async () => {
      const request = await ask(world(), { name: 'other-name' })
      const head = await forge(world().github('oscar'), request.repository, {
        branch: request.branch,
        entries: [entryOf(request, requestYaml({ duration: '8h' }))],
        author: NOBODY,
        committer: NOBODY,
      })
      await world().approve('oscar', { ...request, head })
      await world().merge('oscar', { ...request, head })
      return request
    },
  )
}

function entryOf({ path }: OpenedRequest, content: string) {
  return { path, mode: '100644', content } as const
}

function otherBytes(world: () => TestWorld, attack: Attack): void {
  const pushed = async (name: string, login: string, event?: 'COMMENT') => {
    const request = await ask(world(), { name })
    await world().approve('olivia', request)
    const greedy = await push(world(), login, request, GREEDY)
    if (event) await review(world(), 'olivia', greedy, event)
    return greedy
  }

  attack('the author pushes once more after the approval', 'other-bytes', async () => {
    const greedy = await pushed('then-push', 'alice')
    await world().merge('olivia', greedy)
    return greedy
  })

  attack('somebody else pushes to the branch after the approval', 'other-bytes', async () => {
    const greedy = await pushed('friend-push', 'mallory')
    await world().merge('olivia', greedy)
    return greedy
  })

  attack(
    'in the protected repository, the author pushes once more after the approval',
    'github-refuses',
    async (rest) => {
      const request = await ask(world(), { name: 'then-push', repository: world().repositories.protected })
      await rest()
      await world().approve('olivia', request)
      const greedy = await push(world(), 'alice', request, GREEDY)
      await rest()
      expect(await refusalOf(world().merge('olivia', greedy))).toBe(405)
      return request
    },
  )

  attack('an owner approves an older commit, by its number', 'other-bytes', async () => {
    const request = await ask(world(), { name: 'older' })
    const greedy = await push(world(), 'alice', request, GREEDY)
    await world().approve('olivia', request)
    await world().merge('olivia', greedy)
    return request
  })

  attack('the branch is force-pushed forth and back around the approval', 'other-bytes', async () => {
    const request = await ask(world(), { name: 'forth-and-back' })
    const alice = world().github('alice')
    const greedy = await push(world(), 'alice', request, GREEDY)
    await moveBranch(alice, request.repository, request.branch, request.head)
    await world().approve('olivia', request)
    await moveBranch(alice, request.repository, request.branch, greedy.head)
    await world().merge('olivia', greedy)
    return request
  })

  attack(
    'the author pushes while the merge in an owner’s name is switched on already',
    'other-bytes',
    async () => {
      const greedy = await pushed('auto-merge', 'alice')
      // Auto-merge takes whatever is the head by then, and says that the one who switched it on merged.
      const at = { ...named(greedy.repository), pull_number: greedy.pull }
      const { data } = await world()
        .github('olivia')
        .pulls.merge({ ...at, merge_method: 'squash' })
      expect(data.merged).toBe(true)
      return greedy
    },
  )

  attack(
    'in the protected repository, the author pushes once an owner has switched auto-merge on, and the older bytes are approved',
    'github-refuses',
    async (rest) => {
      const repository = world().repositories.protected
      const at = named(repository)
      await world()
        .github('root')
        .repos.update({ ...at, allow_auto_merge: true })
      const request = await ask(world(), { name: 'auto-merged', repository })
      const { data } = await world()
        .github('olivia')
        .pulls.get({ ...at, pull_number: request.pull })
      await world().github('olivia').graphql(AUTO_MERGE, { pull: data.node_id })
      await push(world(), 'alice', request, GREEDY)
      await review(world(), 'olivia', request, 'APPROVE')
      await rest()
      const left = await world()
        .github('root')
        .pulls.get({ ...at, pull_number: request.pull })
      expect(left.data).toMatchObject({ state: 'open', auto_merge: { enabled_by: { login: 'olivia' } } })
      return request
    },
  )

  attack('an owner comments on the newer bytes, having approved the older', 'other-bytes', async () => {
    const greedy = await pushed('approved-comment', 'alice', 'COMMENT')
    await world().merge('olivia', greedy)
    return greedy
  })

  attack('the branch is altered while the approved pull request is closed', 'other-bytes', async () => {
    const request = await ask(world(), { name: 'reopened' })
    const { pulls } = world().github('alice')
    const at = { ...named(request.repository), pull_number: request.pull }
    await world().approve('olivia', request)
    await pulls.update({ ...at, state: 'closed' })
    const greedy = await push(world(), 'alice', request, GREEDY)
    await pulls.update({ ...at, state: 'open' })
    await world().merge('olivia', greedy)
    return request
  })

  attack('the commit was approved in another pull request, since closed', 'approvals-missing', async () => {
    const first = await ask(world(), { name: 'elsewhere' })
    await world().approve('olivia', first)
    const alice = world().github('alice')
    await alice.pulls.update({ ...named(first.repository), pull_number: first.pull, state: 'closed' })
    await alice.git.createRef({ ...named(first.repository), ref: 'refs/heads/elsewhere', sha: first.head })
    const second = await openPull(alice, first.repository, { branch: 'elsewhere', path: first.path })
    await world().merge('olivia', second)
    return second
  })
}

function takenBack(world: () => TestWorld, attack: Attack): void {
  attack('an approval is dismissed before the merge', 'review-dismissed', async () => {
    const request = await ask(world(), { name: 'dismissed' })
    const review_id = await review(world(), 'olivia', request, 'APPROVE')
    const at = { ...named(request.repository), pull_number: request.pull, review_id }
    await world()
      .github('oscar')
      .pulls.dismissReview({ ...at, message: 'Not like this' })
    await world().merge('olivia', request)
    return request
  })

  const refused = async (
    name: string,
    reviews: readonly (readonly [string, 'APPROVE' | 'COMMENT' | 'REQUEST_CHANGES'])[],
  ) => {
    const request = await ask(world(), { name })
    for (const [login, event] of reviews) await review(world(), login, request, event)
    await world().merge('olivia', request)
    return request
  }

  attack('one owner approves over the change request of another', 'changes-requested', () =>
    refused('changes', [
      ['oscar', 'REQUEST_CHANGES'],
      ['olivia', 'APPROVE'],
    ]),
  )

  attack('an owner who asked for changes only comments afterwards', 'changes-requested', () =>
    refused('changes-comment', [
      ['oscar', 'REQUEST_CHANGES'],
      ['oscar', 'COMMENT'],
      ['olivia', 'APPROVE'],
    ]),
  )

  attack('an owner approves, asks for changes, and comments', 'changes-requested', () =>
    refused('changed-mind', [
      ['olivia', 'APPROVE'],
      ['olivia', 'REQUEST_CHANGES'],
      ['olivia', 'COMMENT'],
    ]),
  )
}
