/** Attacks on the branch itself: pushes past pull requests, branches set back, and files that come back from the dead. */
import { describe, expect } from 'vitest'
import type { OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { requestYaml, type TestWorld } from '../support/world.ts'
import { type Attack, stage } from './stage.ts'
import {
  ask,
  CODEOWNERS,
  type Entry,
  expectReading,
  forge,
  GREEDY,
  type Granted,
  grant,
  moveBranch,
  openPull,
  pathOf,
  refusalOf,
  tipOf,
} from './support.ts'

/** An owner takes the file out by a push of their own. */
function takeOut(world: TestWorld, { repository, path }: OpenedRequest): Promise<string> {
  return world.commit('oscar', repository, 'main', { [path]: null })
}

function honest({ path }: { path: string }): readonly Entry[] {
  return [{ path, mode: '100644', content: requestYaml({}) }]
}

/** The branch as it was once something lay on it, by a merge whose first parent says so. */
async function mergeOld(world: TestWorld, request: OpenedRequest, first: 'branch' | string): Promise<void> {
  await forge(world.github('alice'), request.repository, {
    branch: 'main',
    entries: first === 'branch' ? honest(request) : [],
    parents: (tip) => (first === 'branch' ? [tip, request.head] : [first, tip]),
  })
}

/** `own` gives a repository that nobody else uses, each time another. */
export function branch(world: () => TestWorld, own: () => string): void {
  describe('the branch', () => {
    const attack = stage(world)
    pushes(world, attack, own)
    returns(world, attack, own)
  })

  describe('the branch while the app is away', () => {
    whileAway(
      world,
      stage(world, {
        before: (world) => world.app('stop'),
        between: (world) => world.advance('1m'),
        after: (world) => world.app('start'),
      }),
      own,
    )
  })

  describe('the branch after the end', () => {
    afterTheEnd(world, stage(world, { between: (world) => world.advance('2h') }), own)
  })
}

function pushes(world: () => TestWorld, attack: Attack, own: () => string): void {
  attack('a request is pushed straight to the branch', 'no-pull-request', async () => {
    const { unprotected: repository } = world().repositories
    const path = pathOf('pushed')
    await world().commit('alice', repository, 'main', { [path]: requestYaml({}) })
    return { repository, path, pull: 0 }
  })

  attack(
    'in the protected repository, a request is pushed straight to the branch',
    'github-refuses',
    async () => {
      const { protected: repository } = world().repositories
      const path = pathOf('pushed')
      const pushed = world().commit('alice', repository, 'main', { [path]: requestYaml({}) })
      expect(await refusalOf(pushed)).toBe(422)
      const alice = world().github('alice')
      const sha = await forge(alice, repository, { branch: 'elsewhere', entries: honest({ path }) })
      expect(await refusalOf(moveBranch(alice, repository, 'main', sha))).toBe(422)
      return { repository, path, pull: 0 }
    },
  )

  attack('a request is put on the branch by a force push', 'no-pull-request', async () => {
    const repository = own()
    const path = pathOf('forced')
    const alice = world().github('alice')
    const main = await tipOf(alice, repository, 'main')
    await world().commit('oscar', repository, 'main', { 'notes.md': 'To be thrown away.\n' })
    const sha = await forge(alice, repository, {
      branch: 'elsewhere',
      entries: honest({ path }),
      parents: () => [main],
    })
    await moveBranch(alice, repository, 'main', sha)
    return { repository, path, pull: 0 }
  })

  attack('a granted file is altered by a push', 'no-pull-request', async (rest) => {
    const request = await grant(world(), { name: 'altered' })
    await rest()
    await expectReading(world(), 'alice', request)
    await world().commit('alice', request.repository, 'main', { [request.path]: GREEDY })
    return { ...request, pull: 0 }
  })
}

function returns(world: () => TestWorld, attack: Attack, own: () => string): void {
  const taken = async (rest: () => Promise<void>, name: string, repository?: string): Promise<Granted> => {
    const request = await grant(world(), { name, repository })
    await rest()
    await expectReading(world(), 'alice', request)
    await takeOut(world(), request)
    await rest()
    return request
  }

  attack('the branch is set back to before the removal of a granted file', 'aws-denies', async (rest) => {
    const request = await taken(rest, 'set-back', own())
    await moveBranch(world().github('alice'), request.repository, 'main', request.sha)
    return request
  })

  attack('a granted file is put back by a push after its removal', 'aws-denies', async (rest) => {
    const request = await taken(rest, 'restored')
    await world().commit('alice', request.repository, 'main', { [request.path]: requestYaml({}) })
    return request
  })

  attack('a granted file is put back by a merge of the old commit', 'aws-denies', async (rest) => {
    const request = await taken(rest, 'merged-again')
    await mergeOld(world(), request, 'branch')
    return request
  })
}

function whileAway(world: () => TestWorld, attack: Attack, own: () => string): void {
  attack('an owner approves after the merge, before the app looks', 'after-merge', async (rest) => {
    const request = await ask(world(), { name: 'too-late' })
    await world().merge('olivia', request)
    await rest()
    await world().approve('olivia', request)
    return request
  })

  attack(
    'somebody who approved becomes an owner after the merge, before the app looks',
    'not-an-owner',
    async () => {
      const request = await ask(world(), { name: 'named-late' })
      await world().approve('mallory', request)
      await world().merge('olivia', request)
      const owners = await world().fileOnMain(request.repository, CODEOWNERS)
      const change = await world().propose('oscar', request.repository, {
        branch: 'owners/mallory',
        files: { [CODEOWNERS]: `${owners}${request.path} @mallory\n` },
      })
      await world().approve('olivia', change)
      await world().merge('olivia', change)
      return request
    },
  )

  const withdrawn = async (name: string, repository: string) => {
    const request = await grant(world(), { name, repository })
    await takeOut(world(), request)
    return request
  }

  attack('the branch is set back to before a removal that the app never saw', 'taken-out-since', async () => {
    const request = await withdrawn('withdrawn-set-back', own())
    await moveBranch(world().github('alice'), request.repository, 'main', request.sha)
    return request
  })

  attack(
    'the old commit is merged again after a removal that the app never saw',
    'taken-out-since',
    async () => {
      const request = await withdrawn('withdrawn-merged', world().repositories.unprotected)
      await mergeOld(world(), request, 'branch')
      return request
    },
  )

  attack(
    'the branch is made to follow from before a removal that the app never saw',
    'taken-out-since',
    async () => {
      const request = await withdrawn('withdrawn-foxtrot', own())
      await mergeOld(world(), request, request.sha)
      return request
    },
  )
}

function afterTheEnd(world: () => TestWorld, attack: Attack, own: () => string): void {
  const over = async (rest: () => Promise<void>, name: string, repository?: string): Promise<Granted> => {
    const request = await grant(world(), {
      name,
      repository,
      yaml: requestYaml({ duration: '1h', reason: `Find the rows of ${name} once more` }),
    })
    await rest()
    await rest()
    expect(await world().fileOnMain(request.repository, request.path)).toBeUndefined()
    return request
  }

  attack('the revert of a grant is reverted', 'approvals-missing', async (rest) => {
    const { repository, path } = await over(rest, 'reverted-revert')
    const files = { [path]: requestYaml({ duration: '1h' }) }
    const again = await world().propose('alice', repository, { branch: 'revert-revert', files })
    await world().merge('olivia', again)
    return again
  })

  attack(
    'the branch is set back to before the revert of a grant that is over',
    'aws-denies',
    async (rest) => {
      const request = await over(rest, 'set-back-late', own())
      await moveBranch(world().github('alice'), request.repository, 'main', request.sha)
      return request
    },
  )

  attack(
    'the branch of an ended request is opened as a pull request once more',
    'github-refuses',
    async (rest) => {
      const request = await over(rest, 'opened-again', own())
      const alice = world().github('alice')
      const { repository, path, branch } = request
      const head = await world().commit('alice', repository, branch, {
        [path]: requestYaml({ duration: '2h' }),
      })
      const again = { ...(await openPull(alice, repository, { branch, path })), head }
      expect(await refusalOf(world().merge('olivia', again))).toBe(405)
      return again
    },
  )
}
