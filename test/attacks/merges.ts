/** Attacks on the way into the branch: another base, another merger, a merge that is none, or one that holds other bytes. */
import { describe, expect, test } from 'vitest'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { withTip } from '../support/branches.ts'
import { requestYaml, type TestWorld } from '../support/world.ts'
import { type Attack, stage } from './stage.ts'
import {
  ask,
  type Entry,
  expectReading,
  forge,
  GREEDY,
  grant,
  moveBranch,
  pathOf,
  RULES,
  refusalOf,
} from './support.ts'

export function merges(world: () => TestWorld): void {
  describe('the merge', () => {
    const attack = stage(world)
    wrongMergers(world, attack)
    otherBranches(world, attack)
    madeByHand(world, attack)
    otherBytes(world, attack)
    otherFiles(world, attack)
  })
}

async function approved(world: TestWorld, name: string, repository?: string): Promise<OpenedRequest> {
  const request = await ask(world, { name, repository })
  await world.approve('olivia', request)
  return request
}

function greedy({ path }: { path: string }): readonly Entry[] {
  return [{ path, mode: '100644', content: GREEDY }]
}

function honest({ path }: { path: string }): readonly Entry[] {
  return [{ path, mode: '100644', content: requestYaml({}) }]
}

function wrongMergers(world: () => TestWorld, attack: Attack): void {
  attack('somebody who owns nothing merges what was approved', 'merger-not-an-owner', async () => {
    const request = await approved(world(), 'merged-by-mallory')
    await world().merge('mallory', request)
    return request
  })

  attack('an administrator merges without any approval', 'approvals-missing', async () => {
    const request = await ask(world(), { name: 'merged-by-root' })
    await world().merge('root', request)
    return request
  })

  attack(
    'in the protected repository, an administrator merges without any approval',
    'github-refuses',
    async (rest) => {
      const request = await ask(world(), {
        name: 'merged-by-root',
        repository: world().repositories.protected,
      })
      await rest()
      expect(await refusalOf(world().merge('root', request))).toBe(405)
      return request
    },
  )

  let granted: OpenedRequest

  attack(
    'where the rules let anyone merge, as a queue needs it, nobody approves',
    'approvals-missing',
    async () => {
      const [, repository = ''] = world().repositories.spare
      const rules = (await world().fileOnMain(repository, RULES)) ?? ''
      const relaxed = rules.replace('whole_bucket: refused', 'whole_bucket: refused\n    merge: anyone')
      await world().land(repository, { branch: 'rules', files: { [RULES]: relaxed } })
      const request = await ask(world(), { name: 'anyone-unapproved', repository })
      await world().merge('alice', request)
      granted = await approved(world(), 'anyone', repository)
      await world().merge('alice', granted)
      return request
    },
  )

  test('where the rules let anyone merge, what was approved is granted', () =>
    expectReading(world(), 'alice', granted))
}

function otherBranches(world: () => TestWorld, attack: Attack): void {
  const branchOff = async (branch: string) => {
    const { unprotected } = world().repositories
    await forge(world().github('alice'), unprotected, { branch, entries: [] })
    return unprotected
  }

  attack(
    'the pull request is pointed at the default branch after the approval',
    'base-changed-since',
    async () => {
      const repository = await branchOff('harmless')
      const request = await world().propose('alice', repository, {
        branch: 'retargeted',
        base: 'harmless',
        files: { [pathOf('retargeted')]: requestYaml({}) },
      })
      await world().approve('olivia', request)
      const { pulls } = world().github('alice')
      await pulls.update({ ...named(repository), pull_number: request.pull, base: 'main' })
      await world().merge('olivia', request)
      return request
    },
  )

  attack(
    'what was merged into another branch is pushed from there to the default branch',
    'no-pull-request',
    async (rest) => {
      const repository = await branchOff('side')
      const path = pathOf('other-branch')
      const files = { [path]: requestYaml({}) }
      const request = await world().propose('alice', repository, { branch: 'into-side', base: 'side', files })
      await world().approve('olivia', request)
      const { sha } = await world().merge('olivia', request)
      await rest()
      await forge(world().github('alice'), repository, {
        branch: 'main',
        message: 'Merge branch side',
        entries: honest(request),
        parents: (tip) => [tip, sha],
      })
      return { ...request, pull: 0 }
    },
  )
}

function madeByHand(world: () => TestWorld, attack: Attack): void {
  attack('the author pushes a merge commit of the approved head', 'merger-not-an-owner', async () => {
    const request = await approved(world(), 'pushed-head')
    await forge(world().github('alice'), request.repository, {
      branch: 'main',
      message: `Merge pull request #${request.pull}`,
      entries: honest(request),
      parents: (tip) => [tip, request.head],
    })
    return request
  })

  attack(
    'the author moves the default branch onto a head that nobody approved',
    'approvals-missing',
    async () => {
      const [, , repository = ''] = world().repositories.spare
      const request = await ask(world(), { name: 'pushed-unapproved', repository })
      await moveBranch(world().github('alice'), repository, 'main', request.head)
      return request
    },
  )

  attack(
    'an owner is had to push a merge commit that holds other bytes than the head',
    'other-bytes',
    async () => {
      const request = await approved(world(), 'evil-merge')
      await forge(world().github('olivia'), request.repository, {
        branch: 'main',
        message: `Merge pull request #${request.pull}`,
        entries: greedy(request),
        parents: (tip) => [tip, request.head],
      })
      return request
    },
  )

  attack('a merge group holds other bytes than the pull request in it', 'other-bytes', async () => {
    const request = await approved(world(), 'queued')
    const olivia = world().github('olivia')
    await withTip(olivia, request.repository, 'main', (tip) =>
      forge(olivia, request.repository, {
        branch: `gh-readonly-queue/main/pr-${request.pull}-${tip}`,
        message: `Merge pull request #${request.pull}`,
        entries: greedy(request),
        parents: () => [tip, request.head],
      }),
    )
    return request
  })

  const lookLike = async (method: 'squash' | 'rebase') => {
    const request = await approved(world(), `looks-like-${method}`)
    const at = { ...named(request.repository), commit_sha: request.head }
    const { data: original } = await world().github('alice').git.getCommit(at)
    await forge(world().github('alice'), request.repository, {
      branch: 'main',
      message: method === 'squash' ? `${original.message} (#${request.pull})` : original.message,
      entries: greedy(request),
      author: original.author,
    })
    return { ...request, pull: 0 }
  }

  attack('a pushed commit looks like a squash of the approved pull request', 'no-pull-request', () =>
    lookLike('squash'),
  )

  attack('a pushed commit looks like the approved pull request, rebased', 'no-pull-request', () =>
    lookLike('rebase'),
  )
}

function otherBytes(world: () => TestWorld, attack: Attack): void {
  const mergedBy = async (method: 'squash' | 'rebase') => {
    const request = await approved(world(), `by-${method}`)
    const head = await forge(world().github('alice'), request.repository, {
      branch: request.branch,
      entries: greedy(request),
    })
    await world().mergeAs('olivia', { ...request, head }, method)
    return request
  }

  attack('the bytes after the approval are merged by a squash', 'other-bytes', () => mergedBy('squash'))

  attack('the bytes after the approval are merged by a rebase', 'other-bytes', () => mergedBy('rebase'))

  attack('a conflict is solved after the approval, by other bytes', 'other-bytes', async () => {
    const request = await approved(world(), 'conflict')
    const alice = world().github('alice')
    const { data } = await alice.git.getRef({ ...named(request.repository), ref: 'heads/main' })
    const head = await forge(alice, request.repository, {
      branch: request.branch,
      message: 'Merge branch main',
      entries: greedy(request),
      parents: (tip) => [data.object.sha, tip],
    })
    await world().merge('olivia', { ...request, head })
    return request
  })

  test('a branch brought up to date after the approval keeps it, as the bytes are the same', async () => {
    const request = await approved(world(), 'up-to-date')
    await world().commit('oscar', request.repository, 'main', { 'notes.md': 'More.\n' })
    const { pulls } = world().github('alice')
    const at = { ...named(request.repository), pull_number: request.pull }
    await pulls.updateBranch(at)
    const { data } = await pulls.get(at)
    expect(data.head.sha).not.toBe(request.head)
    await world().merge('olivia', { ...request, head: data.head.sha })
    await world().settled()
    await expectReading(world(), 'alice', request)
  })
}

function otherFiles(world: () => TestWorld, attack: Attack): void {
  const together = async (branch: string, files: Readonly<Record<string, string | null>>) => {
    const { unprotected } = world().repositories
    const request = await world().propose('alice', unprotected, { branch, files })
    await world().approve('olivia', request)
    await world().merge('olivia', request)
    return request
  }

  attack('a second request travels in the pull request', 'other-changes', async () => {
    const [one, two] = [pathOf('two-a'), pathOf('two-b')]
    return together('two', { [one]: requestYaml({}), [two]: GREEDY })
  })

  attack('another file travels in the pull request', 'other-changes', () =>
    together('more', { [pathOf('and-more')]: requestYaml({}), 'notes.md': 'Nothing to see here.\n' }),
  )

  attack('the bytes of a granted request are put at a second path', 'approvals-missing', async (rest) => {
    await grant(world(), { name: 'twice' })
    await rest()
    const copy = await ask(world(), { name: 'twice-copy' })
    await world().merge('olivia', copy)
    return copy
  })

  attack('a draft that lay on the branch is renamed to a request', 'not-added', async () => {
    const from = 'drafts/renamed.yaml'
    const { unprotected } = world().repositories
    await world().commit('oscar', unprotected, 'main', { [from]: requestYaml({}) })
    return together('renamed', { [pathOf('renamed')]: requestYaml({}), [from]: null })
  })
}
