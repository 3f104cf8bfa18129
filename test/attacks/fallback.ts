/** Attacks on the patience of those who stand in for owners that do not answer: time that passed for something else. */
import { describe, expect, test } from 'vitest'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { requestYaml, type TestWorld } from '../support/world.ts'
import { type Attack, stage } from './stage.ts'
import { ask, expectReading, forge, GREEDY, openPull, pathOf, push, RULES } from './support.ts'

/** Mallory stands in, and is in league with alice. Everything that rests rests for longer than the owners have. */
const FALLBACK = `    fallback: { owners: ['@mallory'], after: 8h, approve: allowed }`
const PATIENCE = '8h1m'

export function fallback(world: () => TestWorld): void {
  const own = () => world().repositories.spare[3] ?? 'none is left'

  describe('those who stand in', () => {
    const attack = stage(world, {
      async before(world) {
        const repository = own()
        const rules = (await world.fileOnMain(repository, RULES)) ?? ''
        const text = rules.replace(/(bucket: customer-exports\n)/, `$1${FALLBACK}\n`)
        expect(text).toContain(FALLBACK)
        await world.land(repository, { branch: 'fallback', files: { [RULES]: text } })
      },
      between: (world) => world.advance(PATIENCE),
    })
    tooEarly(world, own, attack)
    untold(world, own, attack)
  })
}

async function approveAndMerge(world: TestWorld, request: OpenedRequest): Promise<OpenedRequest> {
  await world.approve('mallory', request)
  await world.merge('mallory', request)
  return request
}

function tooEarly(world: () => TestWorld, own: () => string, attack: Attack): void {
  let granted: OpenedRequest

  attack(
    'a stand-in approves before the owners had their time, and merges after it',
    'fallback-too-early',
    async (rest) => {
      const patient = await ask(world(), { name: 'patient', repository: own() })
      const request = await ask(world(), { name: 'impatient', repository: own() })
      await world().approve('mallory', request)
      await rest()
      await world().merge('mallory', request)
      granted = await approveAndMerge(world(), patient)
      return request
    },
  )

  test('a stand-in who waited is heard', () => expectReading(world(), 'alice', granted))

  attack('other bytes are pushed when the time is over', 'fallback-too-early', async (rest) => {
    const request = await ask(world(), { name: 'pushed-late', repository: own() })
    await rest()
    return approveAndMerge(world(), await push(world(), 'alice', request, GREEDY))
  })

  attack('the commit bears an old date', 'fallback-too-early', async (rest) => {
    await rest()
    const path = pathOf('antedated')
    const signed = { name: 'Alice', email: 'alice@acme.example', date: '2020-01-01T00:00:00Z' }
    const alice = world().github('alice')
    await forge(alice, own(), {
      branch: 'antedated',
      entries: [{ path, mode: '100644', content: requestYaml({}) }],
      author: signed,
      committer: signed,
    })
    return approveAndMerge(world(), await openPull(alice, own(), { branch: 'antedated', path }))
  })

  attack('the time passes while the request is a draft', 'fallback-too-early', async (rest) => {
    const files = { [pathOf('draft')]: requestYaml({}) }
    const request = await world().propose('alice', own(), { branch: 'draft', files, draft: true })
    await rest()
    await fetch(`${world().ready.github.url}/${own()}/pull/${request.pull}/ready`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world().ready.github.tokens.alice}` },
    })
    return approveAndMerge(world(), request)
  })

  attack('the time passes while the request goes into another branch', 'fallback-too-early', async (rest) => {
    const { pulls } = world().github('alice')
    await forge(world().github('alice'), own(), { branch: 'elsewhere', entries: [] })
    const files = { [pathOf('retargeted-late')]: requestYaml({}) }
    const request = await world().propose('alice', own(), {
      branch: 'retargeted-late',
      base: 'elsewhere',
      files,
    })
    await rest()
    await pulls.update({ ...named(own()), pull_number: request.pull, base: 'main' })
    // An approval in the very second of the change would be one of before.
    await world().advance('1s')
    return approveAndMerge(world(), request)
  })

  attack('the time passes while the request is closed', 'fallback-too-early', async (rest) => {
    const { pulls } = world().github('alice')
    const request = await ask(world(), { name: 'closed', repository: own() })
    const at = { ...named(own()), pull_number: request.pull }
    await pulls.update({ ...at, state: 'closed' })
    await rest()
    await pulls.update({ ...at, state: 'open' })
    return approveAndMerge(world(), request)
  })

  attack('a stand-in merges what nobody approved', 'approvals-missing', async (rest) => {
    const request = await ask(world(), { name: 'merged-by-a-stand-in', repository: own() })
    await rest()
    await world().merge('mallory', request)
    return request
  })
}

function untold(world: () => TestWorld, own: () => string, attack: Attack): void {
  attack('a stand-in has a hand in the request, and approves it in time', 'involved', async (rest) => {
    const files = { [pathOf('own')]: requestYaml({ requester: 'alice' }) }
    const request = await world().propose('alice', own(), { branch: 'own', files })
    await world().commit('mallory', own(), 'own', { [pathOf('own')]: GREEDY })
    const head = await world().commit('alice', own(), 'own', files)
    await rest()
    return approveAndMerge(world(), { ...request, head })
  })

  attack('the request comes from a fork, of whose pushes nobody is told', 'fallback-untold', async (rest) => {
    const alice = world().github('alice')
    const { data: fork } = await alice.repos.createFork(named(own()))
    const path = pathOf('forked')
    await world().commit('alice', fork.full_name, 'forked', { [path]: requestYaml({}) })
    const request = await openPull(alice, own(), {
      branch: 'forked',
      head: `${fork.owner.login}:forked`,
      path,
    })
    await rest()
    return approveAndMerge(world(), request)
  })
}
