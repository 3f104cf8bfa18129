import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Repository } from '../../src/github/repository.ts'
import { commit, merge, newWorld, PATH, propose, review, TERMS, TEXT, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world.close())

/** Asked by the commit that brought the file, and by the pull request that brought that commit. */
const ORIGIN = /access-open\/commits(\?|\/[0-9a-f]{40}\/pulls)/

async function provenance({ reader }: Repository) {
  const snapshot = await reader.snapshot()
  const file = snapshot.requests.find(({ path }) => path === PATH)
  if (!file) throw new Error('the request is not on the branch')
  return reader.provenance(file, snapshot, TERMS)
}

async function approved() {
  const headSha = await commit(world, 'alice', 'ask', { [PATH]: TEXT })
  const pull = await propose(world, 'alice', 'ask')
  await review(world, 'olivia', pull)
  return { pull, expected: { headSha, path: PATH } }
}

async function expecting(expected: { headSha: string; path: string }): Promise<Repository> {
  const repository = world.open()
  repository.reader.expectMerges(await repository.reader.branchHead(), [expected])
  return repository
}

describe('a merge that was expected', () => {
  it.each(['merge', 'squash', 'rebase'] as const)('is told of a %s as any other', async (method) => {
    const { pull, expected } = await approved()
    await merge(world, 'oscar', pull, method)
    const repository = await expecting(expected)
    // By then what was expected is underway: nothing of it is asked again.
    world.callsOfApp()
    const evidence = await provenance(repository)
    const asked = world.callsOfApp().filter((call) => ORIGIN.test(call))
    expect(new Set(asked).size).toBe(asked.length)
    expect(asked).toHaveLength(3)
    expect(evidence).toEqual(await provenance(world.open()))
    expect(evidence.evidence.pull).toMatchObject({ number: pull, merged: true })
  })

  it('is nobody’s merge where the very bytes were pushed instead', async () => {
    const { expected } = await approved()
    await commit(world, 'mallory', 'main', { [PATH]: TEXT })
    expect((await provenance(await expecting(expected))).evidence.pull).toBeUndefined()
  })

  it('is nobody’s merge where the very commit was pushed instead', async () => {
    const { expected } = await approved()
    await world.people.mallory.git.updateRef({ ...world.at, ref: 'heads/main', sha: expected.headSha })
    const found = await provenance(await expecting(expected))
    expect(found).toEqual(await provenance(world.open()))
  })

  it('says nothing of a file that was taken out and put back since', async () => {
    const { pull, expected } = await approved()
    await merge(world, 'oscar', pull)
    const repository = await expecting(expected)
    await commit(world, 'mallory', 'main', { [PATH]: null })
    await commit(world, 'mallory', 'main', { [PATH]: TEXT })
    expect((await provenance(repository)).evidence.pull).toBeUndefined()
  })

  it('is asked for again where nothing could be foreseen', async () => {
    const { pull } = await approved()
    await merge(world, 'oscar', pull)
    const nowhere = await expecting({ headSha: '1'.repeat(40), path: PATH })
    expect((await provenance(nowhere)).evidence.pull).toMatchObject({ number: pull })
  })
})
