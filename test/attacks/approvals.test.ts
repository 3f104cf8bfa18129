/** Attacks on the approval itself: none, of something else, by the wrong person, too late, or taken back. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { named } from '../../src/sandbox/tour-people.ts'
import { requestYaml, startWorld, type TestWorld } from '../support/world.ts'
import {
  ask,
  expectReading,
  expectRefusal,
  forge,
  GREEDY,
  moveBranch,
  pathOf,
  push,
  refusalOf,
  review,
} from './support.ts'

const TEAM = { org: 'acme', team_slug: 'data-owners' }

let world: TestWorld

beforeAll(async () => {
  world = await startWorld()
})

afterAll(() => world.close())

test('what an uninvolved owner approves and merges is granted, so that a denial below means something', async () => {
  const request = await ask(world, { name: 'honest' })
  await world.approve('olivia', request)
  await world.merge('olivia', request)

  await expectReading(world, 'alice', request)
})

test('a merge without any approval grants nothing', async () => {
  const request = await ask(world, { name: 'none' })
  await world.merge('olivia', request)

  await expectRefusal(world, request, 'approvals-missing')
})

test('an owner can not approve their own request', async () => {
  const { teams } = world.github('root')
  await teams.addOrUpdateMembershipForUserInOrg({ ...TEAM, username: 'alice' })
  const request = await ask(world, { name: 'self' })
  expect(await refusalOf(world.approve('alice', request))).toBe(422)
  await world.merge('alice', request)

  await expectRefusal(world, request, 'approvals-missing')
  await teams.removeMembershipForUserInOrg({ ...TEAM, username: 'alice' })
})

test('the approval of somebody who owns nothing does not count', async () => {
  const request = await ask(world, { name: 'friend' })
  await world.approve('mallory', request)
  await world.merge('olivia', request)

  await expectRefusal(world, request, 'not-an-owner')
})

test('an approval followed by a push is one of other bytes', async () => {
  const request = await ask(world, { name: 'then-push' })
  await world.approve('olivia', request)
  await world.merge('olivia', await push(world, 'alice', request, GREEDY))

  await expectRefusal(world, request, 'other-bytes')
})

test('in the protected repository the push takes the approval away, and GitHub merges nothing', async () => {
  const repository = world.repositories.protected
  const request = await ask(world, { name: 'then-push-protected', repository })
  await world.settled()
  await world.approve('olivia', request)
  const pushed = await push(world, 'alice', request, GREEDY)
  await world.settled()
  expect(await refusalOf(world.merge('olivia', pushed))).toBe(405)

  expect(await world.roles()).not.toContainEqual(expect.stringContaining('then-push-protected'))
})

test('an approval of an older commit is none of the newer bytes', async () => {
  const request = await ask(world, { name: 'older' })
  const pushed = await push(world, 'alice', request, GREEDY)
  await world.approve('olivia', request)
  await world.merge('olivia', pushed)

  await expectRefusal(world, request, 'other-bytes')
})

test('force pushes back and forth carry no approval over to other bytes', async () => {
  const request = await ask(world, { name: 'forth-and-back' })
  const alice = world.github('alice')
  const greedy = await push(world, 'alice', request, GREEDY)
  await moveBranch(alice, request.repository, request.branch, request.head)
  await world.approve('olivia', request)
  await moveBranch(alice, request.repository, request.branch, greedy.head)
  await world.merge('olivia', greedy)

  await expectRefusal(world, request, 'other-bytes')
})

test('a merge in the name of an owner who no longer looks, as by auto-merge, does not make the push approved', async () => {
  const request = await ask(world, { name: 'auto-merge' })
  await world.approve('olivia', request)
  await push(world, 'alice', request, GREEDY)
  // Auto-merge takes whatever is the head by then, and says that the one who switched it on merged.
  const at = { ...named(request.repository), pull_number: request.pull }
  const { data } = await world.github('olivia').pulls.merge({ ...at, merge_method: 'squash' })
  expect(data.merged).toBe(true)

  await expectRefusal(world, request, 'other-bytes')
})

test('a second commit by a name that nobody bears hides no approver', async () => {
  const request = await ask(world, { name: 'other-name' })
  const head = await forge(world.github('oscar'), request.repository, {
    branch: request.branch,
    entries: [{ path: request.path, mode: '100644', content: requestYaml({ duration: '8h' }) }],
    author: { name: 'Nobody', email: 'nobody@nowhere.example' },
    committer: { name: 'Nobody', email: 'nobody@nowhere.example' },
  })
  await world.approve('oscar', { ...request, head })
  await world.merge('oscar', { ...request, head })

  await expectRefusal(world, request, 'commit-unattributable')
})

test.each([
  ['the author', 'author', { author: { name: 'Oscar Olsen', email: 'oscar@acme.example' } }],
  ['the committer', 'committer', { committer: { name: 'Oscar Olsen', email: 'oscar@acme.example' } }],
  [
    'a co-author',
    'co-author',
    { message: 'Widen\n\nCo-authored-by: O <104+oscar@users.noreply.github.com>' },
  ],
])('an owner who is %s of a commit can not approve it', async (_, name, hand) => {
  const request = await ask(world, { name: `by-${name}` })
  const head = await forge(world.github('alice'), request.repository, {
    branch: request.branch,
    entries: [{ path: request.path, mode: '100644', content: requestYaml({ duration: '8h' }) }],
    ...hand,
  })
  await world.approve('oscar', { ...request, head })
  await world.merge('olivia', { ...request, head })

  await expectRefusal(world, request, 'involved')
})

test('an approval from before its owner left the team does not count', async () => {
  const { teams } = world.github('root')
  const request = await ask(world, { name: 'left-the-team' })
  await world.approve('oscar', request)
  await teams.removeMembershipForUserInOrg({ ...TEAM, username: 'oscar' })
  await world.merge('olivia', request)

  await expectRefusal(world, request, 'not-an-owner')
  await teams.addOrUpdateMembershipForUserInOrg({ ...TEAM, username: 'oscar' })
})

test('an owner who joined after the merge changes nothing in what was judged', async () => {
  const { teams } = world.github('root')
  const request = await ask(world, { name: 'joined-late' })
  await world.approve('mallory', request)
  await world.merge('olivia', request)
  await world.settled()
  await teams.addOrUpdateMembershipForUserInOrg({ ...TEAM, username: 'mallory' })

  await expectRefusal(world, request, 'not-an-owner')
  await teams.removeMembershipForUserInOrg({ ...TEAM, username: 'mallory' })
})

test('an owner whom CODEOWNERS names only after the merge did not own it, also where the app was away', async () => {
  const request = await ask(world, { name: 'named-late' })
  await world.approve('mallory', request)
  await world.app('stop')
  await world.merge('olivia', request)
  const owners = await world.fileOnMain(request.repository, '.github/CODEOWNERS')
  const change = await world.propose('oscar', request.repository, {
    branch: 'owners/mallory',
    files: { '.github/CODEOWNERS': `${owners}${request.path} @mallory\n` },
  })
  await world.approve('olivia', change)
  await world.merge('olivia', change)
  await world.app('start')

  await expectRefusal(world, request, 'not-an-owner')
})

test('an approval given after the merge comes too late, also where the app was away', async () => {
  const request = await ask(world, { name: 'too-late' })
  await world.app('stop')
  await world.merge('olivia', request)
  await world.advance('1m')
  await world.approve('olivia', request)
  await world.app('start')

  await expectRefusal(world, request, 'after-merge')
})

test('a dismissed approval is none', async () => {
  const request = await ask(world, { name: 'dismissed' })
  const review_id = await review(world, 'olivia', request, 'APPROVE')
  const at = { ...named(request.repository), pull_number: request.pull, review_id }
  await world.github('oscar').pulls.dismissReview({ ...at, message: 'Not like this' })
  await world.merge('olivia', request)

  await expectRefusal(world, request, 'review-dismissed')
})

test("an owner's open change request stands against another owner's approval", async () => {
  const request = await ask(world, { name: 'changes' })
  await review(world, 'oscar', request, 'REQUEST_CHANGES')
  await world.approve('olivia', request)
  await world.merge('olivia', request)

  await expectRefusal(world, request, 'changes-requested')
})

test('a comment after it does not settle a change request', async () => {
  const request = await ask(world, { name: 'changes-comment' })
  await review(world, 'oscar', request, 'REQUEST_CHANGES')
  await review(world, 'oscar', request, 'COMMENT')
  await world.approve('olivia', request)
  await world.merge('olivia', request)

  await expectRefusal(world, request, 'changes-requested')
})

test('a change request of the very owner who approved before counts, whatever they comment later', async () => {
  const request = await ask(world, { name: 'changed-mind' })
  await world.approve('olivia', request)
  await review(world, 'olivia', request, 'REQUEST_CHANGES')
  await review(world, 'olivia', request, 'COMMENT')
  await world.merge('oscar', request)

  await expectRefusal(world, request, 'changes-requested')
})

test('a comment on newer bytes does not carry an older approval over to them', async () => {
  const request = await ask(world, { name: 'approved-comment' })
  await world.approve('olivia', request)
  const pushed = await push(world, 'alice', request, GREEDY)
  await review(world, 'olivia', pushed, 'COMMENT')
  await world.merge('olivia', pushed)

  await expectRefusal(world, request, 'other-bytes')
})

test('an owner without write access is none', async () => {
  const { repos } = world.github('root')
  const repository = world.repositories.unprotected
  const path = pathOf('no-write')
  const owners = await world.fileOnMain(repository, '.github/CODEOWNERS')
  await world.land(repository, {
    branch: 'owners/no-write',
    files: { '.github/CODEOWNERS': `${owners}${path} @mallory\n` },
  })
  await repos.addCollaborator({ ...named(repository), username: 'mallory', permission: 'pull' })
  const request = await ask(world, { name: 'no-write' })
  await world.approve('mallory', request)
  await world.merge('olivia', request)

  await expectRefusal(world, request, 'no-owner')
  await repos.addCollaborator({ ...named(repository), username: 'mallory', permission: 'push' })
})
