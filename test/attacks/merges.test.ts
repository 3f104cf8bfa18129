/** Attacks on the way into the branch: another base, another merger, a merge that is none, or one that holds other bytes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UNCOUNTED_REASONS } from '../../src/core/approvals.ts'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { requestYaml, startWorld, type TestWorld } from '../support/world.ts'
import {
  ask,
  type Entry,
  expectDenied,
  expectReading,
  expectRefusal,
  forge,
  GREEDY,
  moveBranch,
  pathOf,
  RULES,
  refusalOf,
  tipOf,
} from './support.ts'

let world: TestWorld
let repository: string

beforeAll(async () => {
  world = await startWorld()
  repository = world.repositories.unprotected
})

afterAll(() => world.close())

async function approved(name: string): Promise<OpenedRequest> {
  const request = await ask(world, { name })
  await world.approve('olivia', request)
  return request
}

function greedy({ path }: { path: string }): readonly Entry[] {
  return [{ path, mode: '100644', content: GREEDY }]
}

test('who owns nothing can not merge what was approved', async () => {
  const request = await approved('merged-by-mallory')
  await world.merge('mallory', request)

  await expectRefusal(world, request, 'merger-not-an-owner')
})

test('an administrator can not merge past the owners', async () => {
  const request = await ask(world, { name: 'merged-by-root' })
  await world.merge('root', request)

  await expectRefusal(world, request, 'approvals-missing')
})

test('in the protected repository GitHub does not let the administrator merge it either', async () => {
  const request = await ask(world, {
    name: 'merged-by-root-protected',
    repository: world.repositories.protected,
  })
  await world.settled()
  expect(await refusalOf(world.merge('root', request))).toBe(405)

  await expectDenied(world, request.path)
})

test.each([
  'its author points it at the default branch',
  'GitHub points it there, as the branch was merged and deleted',
])('an approval given before %s is not one of the merge into the default branch', async (how) => {
  const alice = world.github('alice')
  const byAuthor = how.startsWith('its author')
  const branch = byAuthor ? 'retargeted' : 'followed'
  const base = `base-of-${branch}`
  const path = pathOf(branch)
  const harmless = await world.propose('oscar', repository, {
    branch: base,
    files: { [`${branch}.md`]: 'Harmless.\n' },
  })
  const files = { [path]: requestYaml({}) }
  const request = await world.propose('alice', repository, { branch, base, files })
  await world.approve('olivia', request)
  await world.advance('1m')
  const at = { ...named(repository), pull_number: request.pull }
  if (byAuthor) await alice.pulls.update({ ...at, base: 'main' })
  await world.merge('oscar', harmless)
  if (!byAuthor) await alice.git.deleteRef({ ...named(repository), ref: `heads/${base}` })
  await world.settled()
  expect((await alice.pulls.get(at)).data.base.ref).toBe('main')
  expect((await world.requestCheck(request))?.output.summary).toContain(
    `The approval of olivia does not count: ${UNCOUNTED_REASONS['base-changed-since']}`,
  )
  await world.merge('olivia', request)

  await expectRefusal(world, request, 'base-changed-since')
})

test('a merge into another branch opens nothing, nor does that branch once it is pushed to the default one', async () => {
  const alice = world.github('alice')
  await forge(alice, repository, {
    branch: 'side',
    entries: [],
    parents: [await tipOf(alice, repository, 'main')],
  })
  const path = pathOf('other-branch')
  const files = { [path]: requestYaml({}) }
  const request = await world.propose('alice', repository, { branch: 'into-side', base: 'side', files })
  await world.approve('olivia', request)
  await world.merge('olivia', request)
  await expectDenied(world, path)

  const side = await tipOf(alice, repository, 'side')
  await forge(alice, repository, {
    branch: 'main',
    message: 'Merge branch side',
    entries: [{ path, mode: '100644', content: requestYaml({}) }],
    parents: [await tipOf(alice, repository, 'main'), side],
  })
  await expectRefusal(world, { repository, path, pull: 0 }, 'no-pull-request')
})

test('a push to the default branch that holds the head is a merge, but by somebody who owns nothing', async () => {
  const request = await approved('pushed-head')
  const alice = world.github('alice')
  const main = await tipOf(alice, repository, 'main')
  await forge(alice, repository, {
    branch: 'main',
    message: `Merge pull request #${request.pull}`,
    entries: [{ path: request.path, mode: '100644', content: requestYaml({}) }],
    parents: [main, request.head],
  })

  await expectRefusal(world, request, 'merger-not-an-owner')
})

test('a push to the default branch that holds a head nobody approved grants nothing', async () => {
  const request = await ask(world, { name: 'pushed-unapproved' })
  await moveBranch(world.github('alice'), repository, 'main', request.head)

  await expectRefusal(world, request, 'approvals-missing')
})

test('a merge made by hand that holds other bytes than its head is not what was approved', async () => {
  const request = await approved('evil-merge')
  const olivia = world.github('olivia')
  const main = await tipOf(olivia, repository, 'main')
  await forge(olivia, repository, {
    branch: 'main',
    message: `Merge pull request #${request.pull}`,
    entries: greedy(request),
    parents: [main, request.head],
  })

  await expectRefusal(world, request, 'other-bytes')
})

test.each([
  ['a squash', 'squash'],
  ['a rebased commit', 'rebase'],
])('a push that only looks like %s of an approved pull request came by none', async (_, name) => {
  const request = await approved(`looks-like-${name}`)
  const { data: original } = await world
    .github('alice')
    .git.getCommit({ ...named(repository), commit_sha: request.head })
  const title = `${original.message} (#${request.pull})`
  await forge(world.github('alice'), repository, {
    branch: 'main',
    message: name === 'squash' ? title : original.message,
    entries: greedy(request),
    author: original.author,
  })

  await expectRefusal(world, { ...request, pull: 0 }, 'no-pull-request')
})

test('a squash of bytes that came after the approval grants nothing', async () => {
  const request = await approved('squashed')
  const head = await forge(world.github('alice'), repository, {
    branch: request.branch,
    entries: greedy(request),
  })
  await world.mergeAs('olivia', { ...request, head }, 'squash')

  await expectRefusal(world, request, 'other-bytes')
})

test('a rebase of bytes that came after the approval grants nothing', async () => {
  const request = await approved('rebased')
  const head = await forge(world.github('alice'), repository, {
    branch: request.branch,
    entries: greedy(request),
  })
  await world.mergeAs('olivia', { ...request, head }, 'rebase')

  await expectRefusal(world, request, 'other-bytes')
})

test('a conflict solved after the approval by other bytes is not what was approved', async () => {
  const request = await approved('conflict')
  const alice = world.github('alice')
  const main = await tipOf(alice, repository, 'main')
  const head = await forge(alice, repository, {
    branch: request.branch,
    message: 'Merge branch main',
    entries: greedy(request),
    parents: [request.head, main],
  })
  await world.merge('olivia', { ...request, head })

  await expectRefusal(world, request, 'other-bytes')
})

test('a branch brought up to date after the approval keeps it, as the bytes are the same', async () => {
  const request = await approved('up-to-date')
  await world.commit('oscar', repository, 'main', { 'notes.md': 'More.\n' })
  const { pulls } = world.github('alice')
  const at = { ...named(repository), pull_number: request.pull }
  await pulls.updateBranch(at)
  const { data } = await pulls.get(at)
  expect(data.head.sha).not.toBe(request.head)
  await world.merge('olivia', { ...request, head: data.head.sha })

  await expectReading(world, 'alice', request)
})

test('a merge group with other bytes than its pull request is not what was approved', async () => {
  const request = await approved('queued')
  const olivia = world.github('olivia')
  const main = await tipOf(olivia, repository, 'main')
  const queued = await forge(olivia, repository, {
    branch: `gh-readonly-queue/main/pr-${request.pull}-${main}`,
    message: `Merge pull request #${request.pull}`,
    entries: greedy(request),
    parents: [main, request.head],
  })
  await moveBranch(olivia, repository, 'main', queued)

  await expectRefusal(world, request, 'other-bytes')
})

test('a second request in the pull request is granted as little as the first', async () => {
  const [one, two] = [pathOf('two-a'), pathOf('two-b')]
  const files = { [one]: requestYaml({}), [two]: GREEDY }
  const request = await world.propose('alice', repository, { branch: 'two', files })
  await world.approve('olivia', request)
  await world.merge('olivia', request)

  await expectRefusal(world, request, 'other-changes')
  await expectDenied(world, two)
})

test('the same bytes at a second path need an approval of their own', async () => {
  const request = await approved('twice')
  await world.merge('olivia', request)
  await expectReading(world, 'alice', request)
  const copy = await ask(world, { name: 'twice-copy' })
  await world.merge('olivia', copy)

  await expectRefusal(world, copy, 'approvals-missing')
})

test('what was renamed is not what was added', async () => {
  const from = 'drafts/renamed.yaml'
  await world.commit('oscar', repository, 'main', { [from]: requestYaml({}) })
  const path = pathOf('renamed')
  const files = { [path]: requestYaml({}), [from]: null }
  const request = await world.propose('alice', repository, { branch: 'renamed', files })
  await world.approve('olivia', request)
  await world.merge('olivia', request)

  await expectRefusal(world, request, 'not-added')
})

test('where the rules let anyone merge, as a merge queue does, it still needs the approval', async () => {
  const rules = await world.fileOnMain(repository, RULES)
  await world.land(repository, {
    branch: 'rules/anyone',
    files: {
      [RULES]: (rules ?? '').replace('whole_bucket: refused', 'whole_bucket: refused\n    merge: anyone'),
    },
  })
  const refused = await ask(world, { name: 'anyone-unapproved' })
  await world.merge('alice', refused)
  await expectRefusal(world, refused, 'approvals-missing')

  const request = await approved('anyone')
  await world.merge('alice', request)
  await expectReading(world, 'alice', request)
})
