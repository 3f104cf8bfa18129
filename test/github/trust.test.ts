import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  commit,
  disguised,
  grantedRequest,
  merge,
  newWorld,
  PATH,
  propose,
  review,
  TERMS,
  type World,
} from './world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world.close())

const RULES = '.github/daypass.yml'
const CODEOWNERS = '.github/CODEOWNERS'

async function trust(repository = world.open()) {
  const snapshot = await repository.reader.snapshot()
  const file = snapshot.requests.find(({ path }) => path === PATH)
  if (!file) throw new Error('the request is not on the branch')
  return (await repository.reader.provenance(file, snapshot, TERMS)).evidence.trustRoot
}

async function approvedChange(
  path: string,
  content: string | null,
  method: 'merge' | 'squash' | 'rebase' = 'merge',
) {
  await commit(world, 'alice', `change-${method}`, { [path]: content })
  const pull = await propose(world, 'alice', `change-${method}`)
  await review(world, 'olivia', pull)
  await merge(world, 'oscar', pull, method)
}

async function textOf(path: string): Promise<string> {
  const { data } = await world.people.root.repos.getContent({ ...world.at, path })
  return Buffer.from('content' in data ? data.content : '', 'base64').toString()
}

/** Lets the default branch point elsewhere, as `git push --force` does. */
async function forcePush(sha: string) {
  await world.people.mallory.git.updateRef({ ...world.at, ref: 'heads/main', sha, force: true })
}

it('holds where nothing guarded changed', async () => {
  await grantedRequest(world)
  expect(await trust()).toEqual({ holds: true })
})

it.each(['merge', 'squash', 'rebase'] as const)(
  'holds after a change that an owner approved, by %s',
  async (method) => {
    await approvedChange(RULES, 'paused: true\n', method)
    await grantedRequest(world)
    expect(await trust()).toEqual({ holds: true })
  },
)

it('is not known while GitHub’s log does not tell yet how the branch came to stand where it does', async () => {
  await grantedRequest(world)
  const repository = world.open()
  const { commit: head } = await repository.reader.snapshot()
  const isOfHead = (move: unknown) =>
    typeof move === 'object' && JSON.stringify(move).includes(`"after":"${head}"`)
  world.bend = (url, data) =>
    url.endsWith('/activity') && Array.isArray(data) ? data.filter((move) => !isOfHead(move)) : data
  await expect(trust(repository)).rejects.toThrow('does not tell yet')

  world.bend = undefined
  await commit(world, 'alice', 'main', { 'later.md': 'later\n' })
  expect(await trust(repository)).toEqual({ holds: true })
})

it('is known after some minutes all the same, where the log never tells', async () => {
  await grantedRequest(world)
  const repository = world.open()
  world.bend = (url, data) => (url.endsWith('/activity') ? [] : data)
  await expect(trust(repository)).rejects.toThrow('does not tell yet')

  const now = performance.now()
  vi.spyOn(performance, 'now').mockReturnValue(now + 6 * 60 * 1000)
  expect(await trust(repository)).toEqual({ holds: true })
  vi.restoreAllMocks()
})

it('is broken, and says so, by a pull request of which GitHub never tells all', async () => {
  await approvedChange(RULES, 'paused: true\n')
  await grantedRequest(world)
  world.bend = (url, data) => {
    if (url.endsWith('/pulls/{pull_number}')) return Object.assign({}, data, { commits: 251 })
    const isList = url.endsWith('/pulls/{pull_number}/commits') && Array.isArray(data)
    return isList ? Array.from({ length: 250 }, () => data[0]) : data
  }
  expect(await trust()).toMatchObject({
    holds: false,
    code: 'guarded-file-cut-off',
    message: expect.stringContaining('GitHub lists 250 at most'),
  })
})

it('holds after the approved removal of a guarded file', async () => {
  await approvedChange(RULES, null)
  await grantedRequest(world)
  expect(await trust()).toEqual({ holds: true })
})

it('holds after a rebase merge of several commits, the guarded one in their midst', async () => {
  await commit(world, 'alice', 'change', { 'a.md': 'a\n' }, 'One')
  await commit(world, 'alice', 'change', { [CODEOWNERS]: '* @olivia @oscar\n' }, 'Two')
  await commit(world, 'alice', 'change', { 'b.md': 'b\n' }, 'Three')
  const pull = await propose(world, 'alice', 'change')
  await review(world, 'olivia', pull)
  await merge(world, 'oscar', pull, 'rebase')
  await grantedRequest(world)
  expect(await trust()).toEqual({ holds: true })
})

it('does not hold after a push, also once it was taken back', async () => {
  const before = await textOf(CODEOWNERS)
  await commit(world, 'mallory', 'main', { [CODEOWNERS]: '* @mallory\n' })
  await commit(world, 'mallory', 'main', { [CODEOWNERS]: before })
  await grantedRequest(world)
  expect(await trust()).toMatchObject({ holds: false, code: 'guarded-file-pushed' })
})

it('does not hold after a push that a rebase undid, as if it had been of its own commits', async () => {
  const { data } = await world.people.root.repos.getContent({ ...world.at, path: CODEOWNERS })
  const before = Buffer.from('content' in data ? data.content : '', 'base64').toString()
  await commit(world, 'mallory', 'main', { [CODEOWNERS]: '* @mallory\n' }, 'Tidy up')
  await disguised(world, 'mallory', 'undo', { [CODEOWNERS]: before })
  const pull = await propose(world, 'mallory', 'undo')
  await review(world, 'olivia', pull)
  await merge(world, 'oscar', pull, 'rebase')
  await grantedRequest(world)
  expect(await trust()).toMatchObject({ holds: false, code: 'guarded-file-pushed' })
})

it('does not hold after a change that nobody but its author looked at', async () => {
  await commit(world, 'olivia', 'change', { [CODEOWNERS]: '* @olivia\n' })
  await merge(world, 'olivia', await propose(world, 'olivia', 'change'))
  await grantedRequest(world)
  expect(await trust()).toMatchObject({ holds: false, code: 'guarded-file-unapproved' })
})

it('does not hold where a file was laid down in another place of CODEOWNERS', async () => {
  await commit(world, 'mallory', 'main', { 'docs/CODEOWNERS': '* @mallory\n' })
  await grantedRequest(world)
  expect(await trust()).toMatchObject({ holds: false })
})

it('does not hold after a force push that threw an approved change away', async () => {
  const start = await commit(world, 'root', 'main', { 'a.md': 'a\n' })
  await approvedChange(CODEOWNERS, '* @root\n')
  await forcePush(start)
  await grantedRequest(world)
  expect(await trust()).toMatchObject({ holds: false, code: 'guarded-file-rewound' })
})

it('does not hold after a force push back to the trusted commit that threw an approved change away', async () => {
  await approvedChange(CODEOWNERS, '* @root\n')
  await forcePush(world.trustedCommit)
  await grantedRequest(world)
  expect(await trust()).toMatchObject({ holds: false, code: 'guarded-file-rewound' })
})

it('does not hold after it either where something that nobody approved came between', async () => {
  await approvedChange(CODEOWNERS, '* @root\n')
  await commit(world, 'mallory', 'main', { [CODEOWNERS]: '* @mallory\n' })
  await forcePush(world.trustedCommit)
  await grantedRequest(world)
  expect(await trust()).toMatchObject({ holds: false, code: 'guarded-file-rewound' })
})

it('holds after a force push back to the trusted commit that threw away what nobody approved', async () => {
  await commit(world, 'mallory', 'main', { [CODEOWNERS]: '* @mallory\n' })
  await forcePush(world.trustedCommit)
  await grantedRequest(world)
  expect(await trust()).toEqual({ holds: true })
})

describe('a push that merges the branch into an older commit', () => {
  /** Its first parent is the older commit; its files are those of the branch, but for CODEOWNERS. */
  async function mergeInto(older: string, text: string): Promise<void> {
    const { people, at } = world
    const { git } = people.mallory
    const head = (await git.getRef({ ...at, ref: 'heads/main' })).data.object.sha
    const base_tree = (await git.getCommit({ ...at, commit_sha: head })).data.tree.sha
    const file = { path: CODEOWNERS, mode: '100644', content: text } as const
    const tree = await git.createTree({ ...at, base_tree, tree: [file] })
    const wish = { ...at, message: 'Merge', tree: tree.data.sha, parents: [older, head] }
    const { sha } = (await git.createCommit(wish)).data
    await git.updateRef({ ...at, ref: 'heads/main', sha })
  }
  let before: string

  beforeEach(async () => {
    before = await textOf(CODEOWNERS)
    await approvedChange(CODEOWNERS, '* @root\n')
  })

  it('may not lose a change of the owners that was approved', async () => {
    await mergeInto(world.trustedCommit, before)
    await grantedRequest(world)
    expect(await trust()).toMatchObject({ holds: false, code: 'guarded-file-rewound' })
  })

  it('nor in two steps, or with the app having looked in between', async () => {
    const repository = world.open()
    await grantedRequest(world)
    expect(await trust(repository)).toEqual({ holds: true })
    await commit(world, 'mallory', 'main', { [CODEOWNERS]: before })
    await mergeInto(world.trustedCommit, before)
    expect(await trust(repository)).toMatchObject({ holds: false, code: 'guarded-file-rewound' })
    expect(await trust()).toMatchObject({ holds: false, code: 'guarded-file-rewound' })
  })

  it('makes a push of it where it is kept', async () => {
    await mergeInto(world.trustedCommit, '* @root\n')
    await grantedRequest(world)
    expect(await trust()).toMatchObject({ holds: false, code: 'guarded-file-pushed' })
  })
})

it('holds after a force push that left the guarded files as they were', async () => {
  const start = await commit(world, 'root', 'main', { 'a.md': 'a\n' })
  await commit(world, 'root', 'main', { 'b.md': 'b\n' })
  await forcePush(start)
  await grantedRequest(world)
  expect(await trust()).toEqual({ holds: true })
})

it('does not mind force pushes from before the trusted commit', async () => {
  const start = await commit(world, 'root', 'main', { 'a.md': 'a\n' })
  await commit(world, 'mallory', 'main', { [CODEOWNERS]: '* @mallory\n' })
  await forcePush(start)
  const trusted = await commit(world, 'root', 'main', { 'b.md': 'b\n' })
  await grantedRequest(world)
  expect(await trust(world.open(trusted))).toEqual({ holds: true })
})

it('does not hold where the trusted commit is not in the history', async () => {
  await grantedRequest(world)
  const unknown = await commit(world, 'mallory', 'elsewhere', { 'a.md': 'a\n' })
  expect(await trust(world.open(unknown))).toMatchObject({ code: 'trusted-commit-not-in-history' })
  expect(await trust(world.open('0123456789012345678901234567890123456789'))).toMatchObject({ holds: false })
})

it('is not read again while the head is the same, and only a step further after a merge', async () => {
  await grantedRequest(world)
  const repository = world.open()
  await trust(repository)
  world.callsOfApp()
  await trust(repository)
  const again = world.callsOfApp()
  expect(again.filter((call) => /compare/.test(call))).toEqual([])
  expect(again.filter((call) => call.endsWith('200'))).toEqual([])
  await commit(world, 'root', 'main', { 'a.md': 'a\n' })
  await trust(repository)
  const steps = world.callsOfApp().filter((call) => /compare.*200$/.test(call))
  expect(new Set(steps).size).toBe(1)
})
