/** Attacks on the branch itself: pushes past pull requests, branches set back, and files that come back from the dead. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { requestYaml, startWorld, type TestWorld } from '../support/world.ts'
import {
  ask,
  expectDenied,
  expectEnded,
  expectReading,
  expectRefusal,
  expectTold,
  forge,
  GREEDY,
  moveBranch,
  pathOf,
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

interface Granted extends OpenedRequest {
  /** The merge commit. */
  readonly sha: string
  readonly role: string
}

async function granted(name: string, yaml = requestYaml({})): Promise<Granted> {
  const request = await ask(world, { name, yaml })
  await world.approve('olivia', request)
  const { sha } = await world.merge('olivia', request)
  await expectReading(world, 'alice', request)
  return { ...request, sha, role: (await world.roleOf(request)) ?? '' }
}

/** An owner takes the file out by a push of their own. */
async function takeOut({ path }: { path: string }): Promise<void> {
  await world.commit('oscar', repository, 'main', { [path]: null })
}

test('a request pushed straight to the branch opens nothing', async () => {
  const path = pathOf('pushed')
  await world.commit('alice', repository, 'main', { [path]: requestYaml({}) })

  await expectRefusal(world, { repository, path, pull: 0 }, 'no-pull-request')
})

test('in the protected repository GitHub refuses the push, by force as well', async () => {
  const { protected: guarded } = world.repositories
  const path = pathOf('pushed-protected')
  const change = world.commit('alice', guarded, 'main', { [path]: requestYaml({}) })
  expect(await refusalOf(change)).toBe(422)
  const alice = world.github('alice')
  const parents = [await tipOf(alice, guarded, 'main')]
  const entries = [{ path, mode: '100644' as const, content: requestYaml({}) }]
  expect(await refusalOf(forge(alice, guarded, { branch: 'main', entries, parents }))).toBe(422)

  await expectDenied(world, path)
})

test('a request put on the branch by a force push opens nothing', async () => {
  const path = pathOf('forced')
  const alice = world.github('alice')
  const { data: tip } = await alice.git.getCommit({
    ...named(repository),
    commit_sha: await tipOf(alice, repository, 'main'),
  })
  await forge(alice, repository, {
    branch: 'main',
    entries: [{ path, mode: '100644', content: requestYaml({}) }],
    parents: tip.parents.slice(0, 1).map(({ sha }) => sha),
  })

  await expectRefusal(world, { repository, path, pull: 0 }, 'no-pull-request')
})

test('a granted file altered by a push ends its access, and the new bytes get none', async () => {
  const { path, role } = await granted('altered')
  await world.commit('alice', repository, 'main', { [path]: GREEDY })

  await expectEnded(world, role)
  await expectTold(world, { repository, path, pull: 0 }, 'no-pull-request')
})

test('a branch set back to before a removal does not bring the access back', async () => {
  const { sha, role, path } = await granted('set-back')
  await takeOut({ path })
  await expectEnded(world, role)
  await moveBranch(world.github('alice'), repository, 'main', sha)

  await expectEnded(world, role)
})

test('a file restored by a push after its removal does not bring the access back', async () => {
  const { path, role } = await granted('restored')
  await takeOut({ path })
  await expectEnded(world, role)
  await world.commit('alice', repository, 'main', { [path]: requestYaml({}) })

  await expectEnded(world, role)
})

test('a file restored by a merge of the old commit does not bring the access back', async () => {
  const { path, head, role } = await granted('merged-again')
  await takeOut({ path })
  await expectEnded(world, role)
  const alice = world.github('alice')
  await forge(alice, repository, {
    branch: 'main',
    entries: [{ path, mode: '100644', content: requestYaml({}) }],
    parents: [await tipOf(alice, repository, 'main'), head],
  })

  await expectEnded(world, role)
})

/** Merged and approved, but not granted yet, as nothing is granted while the app is away. */
async function withdrawnUnseen(name: string): Promise<OpenedRequest & { readonly sha: string }> {
  const request = await ask(world, { name })
  await world.approve('olivia', request)
  await world.app('stop')
  const { sha } = await world.merge('olivia', request)
  await takeOut(request)
  return { ...request, sha }
}

test('a request withdrawn before it was granted is not granted to who sets the branch back', async () => {
  const request = await withdrawnUnseen('withdrawn-set-back')
  await moveBranch(world.github('alice'), repository, 'main', request.sha)
  await world.app('start')

  await expectRefusal(world, request, 'taken-out-since')
})

test('a request withdrawn before it was granted is not granted to who merges the old commit again', async () => {
  const request = await withdrawnUnseen('withdrawn-merged')
  const { head, path } = request
  const alice = world.github('alice')
  await forge(alice, repository, {
    branch: 'main',
    entries: [{ path, mode: '100644', content: requestYaml({}) }],
    parents: [await tipOf(alice, repository, 'main'), head],
  })
  await world.app('start')

  await expectRefusal(world, request, 'taken-out-since')
})

test('nor to who makes the branch follow from the old commit first', async () => {
  const request = await withdrawnUnseen('withdrawn-foxtrot')
  const alice = world.github('alice')
  await forge(alice, repository, {
    branch: 'main',
    entries: [],
    parents: [request.sha, await tipOf(alice, repository, 'main')],
  })
  await world.app('start')

  await expectRefusal(world, request, 'taken-out-since')
})

test('a revert of the revert after the end is a new request, and needs an approval of its own', async () => {
  const { path } = await granted('reverted-revert', requestYaml({ duration: '1h' }))
  await world.advance('2h')
  await world.settled()
  expect(await world.fileOnMain(repository, path)).toBeUndefined()
  const files = { [path]: requestYaml({ duration: '1h' }) }
  const again = await world.propose('alice', repository, { branch: 'revert-revert', files })
  await world.merge('olivia', again)

  await expectRefusal(world, again, 'approvals-missing')
})

test('a branch set back to before the revert, once all is over, opens nothing', async () => {
  const { sha, path } = await granted('set-back-late', requestYaml({ duration: '1h' }))
  await world.advance('2h')
  await world.settled()
  expect(await world.fileOnMain(repository, path)).toBeUndefined()
  await moveBranch(world.github('alice'), repository, 'main', sha)

  await expectDenied(world, path)
})
