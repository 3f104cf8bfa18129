/** Attacks on what decides who may approve: CODEOWNERS and rules, changed past their owners. Each spoils a repository of its own. */
import { describe } from 'vitest'
import type { OpenedRequest } from '../../src/sandbox/tour-people.ts'
import type { Files } from '../support/branches.ts'
import { requestYaml, type TestWorld } from '../support/world.ts'
import { type Attack, stage } from './stage.ts'
import { ask, CODEOWNERS, type Entry, forge, moveBranch, pathOf, RULES, tipOf } from './support.ts'

const MINE = '* @mallory\n'

/** `own` gives a repository that nobody else uses, each time another. */
export function trustRoot(world: () => TestWorld, own: () => string): void {
  describe('the trust root', () => {
    const attack = stage(world)
    codeowners(world, attack, own)
    hidden(world, attack, own)
    rules(world, attack, own)
  })
}

/** What mallory approves and merges for alice, once mallory thinks to own it. */
async function byMallory(
  world: TestWorld,
  repository: string,
  name: string,
  yaml?: string,
): Promise<OpenedRequest & { readonly sha: string }> {
  const request = await ask(world, { name, repository, yaml })
  await world.approve('mallory', request)
  return { ...request, sha: (await world.merge('mallory', request)).sha }
}

/** A pull request that a friend approves and merges, who owns nothing. */
async function landByFriends(world: TestWorld, repository: string, files: Files): Promise<void> {
  const change = await world.propose('alice', repository, { branch: 'tidy-up', files })
  await world.approve('mallory', change)
  await world.merge('mallory', change)
}

/** The request and another file in one pull request. */
async function together(
  world: TestWorld,
  repository: string,
  name: string,
  files: Files,
  approver: string,
): Promise<OpenedRequest> {
  const request = { [pathOf(name)]: requestYaml({}) }
  const both = await world.propose('alice', repository, { branch: name, files: { ...request, ...files } })
  await world.approve(approver, both)
  await world.merge(approver, both)
  return both
}

function codeowners(world: () => TestWorld, attack: Attack, own: () => string): void {
  attack('CODEOWNERS is changed in the pull request of the request', 'trust-root-broken', () =>
    together(world(), own(), 'with-owners', { [CODEOWNERS]: MINE }, 'mallory'),
  )

  attack(
    'CODEOWNERS is changed in the pull request of the request, and an owner approves both',
    'other-changes',
    async () => {
      const repository = own()
      const owners = await world().fileOnMain(repository, CODEOWNERS)
      return together(world(), repository, 'with-owners', { [CODEOWNERS]: `${owners}# More.\n` }, 'olivia')
    },
  )

  attack('CODEOWNERS is changed by a push just before', 'trust-root-broken', async () => {
    const repository = own()
    await world().commit('mallory', repository, 'main', { [CODEOWNERS]: MINE })
    return byMallory(world(), repository, 'owners-pushed')
  })

  attack('CODEOWNERS is changed by a pull request that a friend approved', 'trust-root-broken', async () => {
    const repository = own()
    await landByFriends(world(), repository, { [CODEOWNERS]: MINE })
    return byMallory(world(), repository, 'owners-by-friend')
  })

  attack('CODEOWNERS is changed by an owner alone', 'trust-root-broken', async () => {
    const repository = own()
    const files = { [CODEOWNERS]: MINE }
    const change = await world().propose('olivia', repository, { branch: 'alone', files })
    await world().merge('olivia', change)
    return byMallory(world(), repository, 'owners-alone')
  })

  attack(
    'CODEOWNERS is altered once more after its owner approved the change',
    'trust-root-broken',
    async () => {
      const repository = own()
      const owners = await world().fileOnMain(repository, CODEOWNERS)
      const change = await world().propose('alice', repository, {
        branch: 'bait',
        files: { [CODEOWNERS]: `${owners}# More.\n` },
      })
      await world().approve('olivia', change)
      const head = await world().commit('alice', repository, 'bait', { [CODEOWNERS]: MINE })
      await world().merge('olivia', { ...change, head })
      return byMallory(world(), repository, 'owners-baited')
    },
  )

  attack('another CODEOWNERS is laid down in a place that would take over', 'trust-root-broken', async () => {
    const repository = own()
    await landByFriends(world(), repository, { CODEOWNERS: MINE, 'docs/CODEOWNERS': MINE })
    return byMallory(world(), repository, 'owners-laid-down')
  })

  attack(
    'CODEOWNERS is taken away, so that one in another place takes over',
    'trust-root-broken',
    async () => {
      const repository = own()
      await world().commit('mallory', repository, 'main', { [CODEOWNERS]: null, 'docs/CODEOWNERS': MINE })
      return byMallory(world(), repository, 'owners-shadowed')
    },
  )

  attack('a CODEOWNERS of another spelling is laid down beside', 'not-an-owner', async () => {
    const repository = own()
    const files = { '.github/codeowners': MINE, 'access-requests/CODEOWNERS': MINE }
    await landByFriends(world(), repository, files)
    const request = await ask(world(), { name: 'owners-spelled', repository })
    await world().approve('mallory', request)
    await world().merge('olivia', request)
    return request
  })
}

/** The change is there for the moment of the merge, and gone when anybody looks. */
function hidden(world: () => TestWorld, attack: Attack, own: () => string): void {
  const asItWas = async (repository: string): Promise<string> =>
    (await world().fileOnMain(repository, CODEOWNERS)) ?? ''

  attack('CODEOWNERS is changed by a push, and put back after the merge', 'trust-root-broken', async () => {
    const repository = own()
    const before = await asItWas(repository)
    await world().commit('mallory', repository, 'main', { [CODEOWNERS]: MINE })
    const request = await byMallory(world(), repository, 'owners-put-back')
    await world().commit('mallory', repository, 'main', { [CODEOWNERS]: before })
    return request
  })

  attack(
    'CODEOWNERS is changed by a push, and the branch made to follow from before it',
    'merged-out-of-view',
    async () => {
      const repository = own()
      const mallory = world().github('mallory')
      const trusted = await tipOf(mallory, repository, 'main')
      await world().commit('mallory', repository, 'main', { [CODEOWNERS]: MINE })
      const request = await byMallory(world(), repository, 'owners-out-of-view')
      // First parents lead from here straight to the trusted commit, past the change; and it is no force push.
      await forge(mallory, repository, {
        branch: 'main',
        message: 'Merge branch main',
        entries: fileOf(request),
        parents: (tip) => [trusted, tip],
      })
      return request
    },
  )

  attack(
    'CODEOWNERS is changed by a push, which is thrown away by a force push',
    'goes-unheard',
    async () => {
      const repository = own()
      const mallory = world().github('mallory')
      const trusted = await tipOf(mallory, repository, 'main')
      await world().commit('mallory', repository, 'main', { [CODEOWNERS]: MINE })
      const request = await byMallory(world(), repository, 'owners-thrown-away')
      const sha = await forge(mallory, repository, {
        branch: 'clean',
        entries: fileOf(request),
        parents: () => [trusted],
      })
      await moveBranch(mallory, repository, 'main', sha)
      return request
    },
  )

  /** The owners approve that they own nothing any more; whoever restores their CODEOWNERS is no owner of it. */
  const resigned = async (repository: string): Promise<string> => {
    const trusted = await tipOf(world().github('mallory'), repository, 'main')
    const files = { [CODEOWNERS]: '* @root\n' }
    const change = await world().propose('oscar', repository, { branch: 'resign', files })
    await world().approve('olivia', change)
    await world().merge('olivia', change)
    return trusted
  }
  const byFormerOwner = async (repository: string, name: string): Promise<OpenedRequest> => {
    const request = await ask(world(), { name, repository })
    await world().approve('olivia', request)
    await world().merge('olivia', request)
    return request
  }

  attack(
    'an approved change of CODEOWNERS is lost in a merge of the branch into an older commit',
    'trust-root-broken',
    async () => {
      const repository = own()
      const trusted = await resigned(repository)
      await forge(world().github('mallory'), repository, {
        branch: 'main',
        message: 'Merge branch main',
        entries: [],
        parents: (tip) => [trusted, tip],
      })
      return byFormerOwner(repository, 'owners-merged-away')
    },
  )

  attack(
    'an approved change of CODEOWNERS is lost in a force push back to the trusted commit',
    'trust-root-broken',
    async () => {
      const repository = own()
      await moveBranch(world().github('mallory'), repository, 'main', await resigned(repository))
      return byFormerOwner(repository, 'owners-forced-away')
    },
  )

  function fileOf({ path }: OpenedRequest): readonly Entry[] {
    return [{ path, mode: '100644', content: requestYaml({}) }]
  }
}

function rules(world: () => TestWorld, attack: Attack, own: () => string): void {
  /** Lends the whole bucket for a month, and to mallory what alice asks for. */
  const relaxed = async (repository: string): Promise<Files> => {
    const text = (await world().fileOnMain(repository, RULES)) ?? ''
    return {
      [RULES]: text
        .replaceAll('max_duration: 12h', 'max_duration: 30d')
        .replace('whole_bucket: refused', 'whole_bucket: allowed')
        .replace('{ iam_user: alice,', '{ iam_user: mallory,'),
    }
  }
  const everything = requestYaml({ prefixes: [], duration: '30d' })
  /** An owner approves and merges, in good faith, what the rules seem to allow. */
  const inGoodFaith = async (repository: string, name: string) => {
    const request = await ask(world(), { name, repository, yaml: everything })
    await world().approve('olivia', request)
    await world().merge('olivia', request)
    return { ...request, attacker: 'mallory' }
  }

  attack('the rules are changed in the pull request of the request', 'trust-root-broken', async () => {
    const repository = own()
    return together(world(), repository, 'with-rules', await relaxed(repository), 'mallory')
  })

  attack('the rules are changed by a push just before', 'trust-root-broken', async () => {
    const repository = own()
    await world().commit('mallory', repository, 'main', await relaxed(repository))
    return inGoodFaith(repository, 'rules-pushed')
  })

  attack('the rules are changed by a pull request that a friend approved', 'trust-root-broken', async () => {
    const repository = own()
    await landByFriends(world(), repository, await relaxed(repository))
    return inGoodFaith(repository, 'rules-by-friend')
  })

  attack(
    'the rules are changed by a push that looks like a squash of an approved change',
    'trust-root-broken',
    async () => {
      const repository = own()
      const text = await world().fileOnMain(repository, RULES)
      const change = await world().propose('alice', repository, {
        branch: 'harmless',
        files: { [RULES]: `${text}# More.\n` },
      })
      await world().approve('olivia', change)
      const files = await relaxed(repository)
      await world().commit('alice', repository, 'main', files, `Merge harmless (#${change.pull})`)
      return inGoodFaith(repository, 'rules-looked-like')
    },
  )

  attack('the rules are taken away', 'trust-root-broken', async () => {
    const repository = own()
    await world().commit('mallory', repository, 'main', { [RULES]: null })
    return inGoodFaith(repository, 'rules-gone')
  })
}
