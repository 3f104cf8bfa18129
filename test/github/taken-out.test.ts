/** Whether a file left the branch since its merge: asked for many files at once, and after every push. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commit, merge, newWorld, propose, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world.close())

const pathOf = (name: string) => `access-requests/prod/customer-exports/${name}.yaml`

type Method = 'merge' | 'squash' | 'rebase'

async function merged(name: string, method: Method = 'merge'): Promise<number> {
  await commit(world, 'alice', name, { [pathOf(name)]: `# ${name}\n` })
  const pull = await propose(world, 'alice', name)
  await merge(world, 'oscar', pull, method)
  return pull
}

async function head(): Promise<string> {
  return (await world.people.root.git.getRef({ ...world.at, ref: 'heads/main' })).data.object.sha
}

async function pointTo(sha: string): Promise<void> {
  await world.people.root.git.updateRef({ ...world.at, ref: 'heads/main', sha, force: true })
}

/** A pull request whose commits the app has read: they take the file of `a` out and put it back. */
async function foreseen({ reader }: ReturnType<typeof world.open>): Promise<number> {
  await commit(world, 'alice', 'b', { [pathOf('a')]: null })
  await commit(world, 'alice', 'b', { [pathOf('a')]: '# a\n', [pathOf('b')]: '# b\n' })
  const pull = await propose(world, 'alice', 'b')
  await reader.previewEvidence(pull, pathOf('b'), {
    requester: 'alice',
    approvalsNeeded: 1,
    mergeBy: 'owners',
  })
  return pull
}

/** What was asked, and of each file whether it left. */
async function lookAt(
  { reader }: ReturnType<World['open']>,
  pulls: Readonly<Record<string, number>>,
): Promise<{ left: Record<string, boolean>; compare: string[]; activity: number }> {
  const commitNow = await head()
  world.callsOfApp()
  const left = await Promise.all(
    Object.entries(pulls).map(async ([name, pull]) => {
      const identity = { repositoryId: 1, path: pathOf(name), pull }
      return [name, await reader.leftBranch(identity, commitNow)] as const
    }),
  )
  const calls = world.callsOfApp()
  const compare = calls.flatMap(
    (call) => /\/compare\/(\w+\.\.\.\w+)/.exec(decodeURIComponent(call))?.[1] ?? [],
  )
  const activity = calls.filter((call) => call.includes('/activity?')).length
  return { left: Object.fromEntries(left), compare, activity }
}

describe('after a push', () => {
  it.each(['merge', 'squash', 'rebase'] as const)(
    'only what came since is asked, once for all: %s',
    async (method) => {
      const repository = world.open()
      const pulls: Record<string, number> = {}
      for (const name of ['a', 'b', 'c']) {
        pulls[name] = await merged(name, method)
        await lookAt(repository, pulls)
      }
      const before = await head()
      const rest = await merged('d', method)
      const { left, compare, activity } = await lookAt(repository, pulls)
      expect(left).toEqual({ a: false, b: false, c: false })
      expect(compare).toEqual([`${before}...${await head()}`])
      expect(activity).toBe(1)
      expect((await lookAt(repository, { ...pulls, d: rest })).compare).toEqual([])
    },
  )

  it('a file that was taken out and put back is found as by a process that knows nothing', async () => {
    const repository = world.open()
    const pulls = { a: await merged('a'), b: await merged('b') }
    await lookAt(repository, pulls)
    await commit(world, 'root', 'main', { [pathOf('a')]: null })
    await commit(world, 'root', 'main', { [pathOf('a')]: '# a\n' })
    const { left } = await lookAt(repository, pulls)
    expect(left).toEqual({ a: true, b: false })
    expect((await lookAt(world.open(), pulls)).left).toEqual(left)
  })

  it('a way that is not known is asked for', async () => {
    const pulls = { a: await merged('a') }
    const from = await head()
    await merged('b')
    expect(await lookAt(world.open(), pulls)).toMatchObject({
      left: { a: false },
      compare: [`${from}...${await head()}`],
    })
  })

  it('a force push is followed, and one back to what stood', async () => {
    const repository = world.open()
    const pulls = { a: await merged('a') }
    const stood = await head()
    const b = await merged('b')
    const both = { ...pulls, b }
    await lookAt(repository, both)
    const thrownAway = await head()
    await pointTo(stood)
    const rewound = await lookAt(repository, both)
    expect(rewound.left).toEqual({ a: false, b: true })
    await commit(world, 'root', 'main', { [pathOf('b')]: '# b\n' })
    expect((await lookAt(repository, both)).left).toEqual({ a: false, b: true })
    expect((await lookAt(world.open(), both)).left).toEqual({ a: false, b: true })
    await pointTo(thrownAway)
    expect((await lookAt(repository, both)).left).toEqual({ a: false, b: true })
  })

  it('a branch without a common past holds nothing any more', async () => {
    const repository = world.open()
    const pulls = { a: await merged('a') }
    await lookAt(repository, pulls)
    const { git } = world.people.root
    const tree = await git.createTree({
      ...world.at,
      tree: [{ path: 'other.md', mode: '100644', content: 'other\n' }],
    })
    const other = await git.createCommit({ ...world.at, message: 'Begin', tree: tree.data.sha, parents: [] })
    await pointTo(other.data.sha)
    expect((await lookAt(repository, pulls)).left).toEqual({ a: true })
    expect((await lookAt(world.open(), pulls)).left).toEqual({ a: true })
  })

  it('commits known from a pull request prove nothing of the branch', async () => {
    const repository = world.open()
    const a = await merged('a')
    await lookAt(repository, { a })
    const stood = await head()
    // It becomes the second parent alone.
    const b = await foreseen(repository)
    await merge(world, 'oscar', b)
    expect(await lookAt(repository, { a, b })).toMatchObject({
      left: { a: false, b: false },
      compare: [`${stood}...${await head()}`],
    })
  })

  it('commits known from a pull request count where the branch was pushed to them', async () => {
    const repository = world.open()
    const a = await merged('a')
    await lookAt(repository, { a })
    await foreseen(repository)
    const tip = await world.people.root.git.getRef({ ...world.at, ref: 'heads/b' })
    await pointTo(tip.data.object.sha)
    expect((await lookAt(repository, { a })).left).toEqual({ a: true })
    expect((await lookAt(world.open(), { a })).left).toEqual({ a: true })
  })

  it('a merge that made the branch follow from elsewhere is looked at whole', async () => {
    const repository = world.open()
    const base = await head()
    const a = await merged('a')
    await lookAt(repository, { a })
    const stood = await head()
    const { git } = world.people.root
    const { data } = await git.getCommit({ ...world.at, commit_sha: stood })
    const turned = await git.createCommit({
      ...world.at,
      message: 'Turn around',
      tree: data.tree.sha,
      parents: [base, stood],
    })
    await pointTo(turned.data.sha)
    const known = await lookAt(repository, { a })
    expect(known.left).toEqual((await lookAt(world.open(), { a })).left)
    expect(known.compare).toContain(`${stood}...${turned.data.sha}`)
  })
})
