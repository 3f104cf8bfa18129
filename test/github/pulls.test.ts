import { afterEach, beforeEach, expect, it } from 'vitest'
import { listRepositories } from '../../src/github/installations.ts'
import { commit, newWorld, PATH, propose, TEXT, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world.close())

it('lists the open pull requests', async () => {
  const headSha = await commit(world, 'alice', 'ask', { [PATH]: TEXT })
  const number = await propose(world, 'alice', 'ask')
  expect(await world.open().reader.openPulls()).toEqual([
    {
      number,
      headSha,
      baseBranch: 'main',
      draft: false,
      labels: [],
      createdAt: expect.any(Number),
      updatedAt: expect.any(String),
    },
  ])
})

it('reads every page of a long list', async () => {
  const files = Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`many/${i}.txt`, `${i}\n`]))
  const headSha = await commit(world, 'alice', 'many', files)
  const number = await propose(world, 'alice', 'many')
  expect(await world.open().reader.changedFiles(headSha, number)).toHaveLength(130)
})

it('tells which paths a merge group changes, and of which pull request it is', async () => {
  const { people, at, trustedCommit } = world
  const headSha = await commit(world, 'alice', 'ask', { [PATH]: TEXT })
  const number = await propose(world, 'alice', 'ask')
  const ref = `refs/heads/gh-readonly-queue/main/pr-${number}-${trustedCommit}`
  await people.root.git.createRef({ ...at, ref, sha: headSha })
  const { reader } = world.open()
  expect(await reader.mergeGroups()).toEqual([{ headSha, pull: number }])
  expect(await reader.changedFiles(headSha)).toEqual([{ path: PATH, status: 'added' }])
})

it('never takes a list that GitHub cut off for a whole one', async () => {
  const files = Object.fromEntries(Array.from({ length: 310 }, (_, i) => [`many/${i}.txt`, `${i}\n`]))
  const headSha = await commit(world, 'alice', 'many', { ...files, [PATH]: TEXT })
  await expect(world.open().reader.changedFiles(headSha)).rejects.toThrow(/300 files at most/)
})

it('takes a list that was cut off as it is where no request, rule or owner changed', async () => {
  const files = Object.fromEntries(Array.from({ length: 310 }, (_, i) => [`many/${i}.txt`, `${i}\n`]))
  const headSha = await commit(world, 'alice', 'many', files)
  expect(await world.open().reader.changedFiles(headSha)).toHaveLength(300)
})

it('finds every repository that the app is installed on', async () => {
  const { repositories, unreadable } = await listRepositories(world.authenticate)
  expect(unreadable.size).toBe(0)
  expect(repositories.toSorted((a, b) => a.id - b.id)).toMatchObject([
    { installationId: 301, id: 1001, owner: 'acme', repo: 'access', defaultBranch: 'main', private: true },
    { id: 1002, repo: 'access-open', appSlug: 'daypass', appId: 424_242 },
  ])
})
