import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
  TEXT,
  type World,
} from './world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world.close())

async function provenance(trustedCommit?: string) {
  const { reader } = world.open(trustedCommit)
  const snapshot = await reader.snapshot()
  const file = snapshot.requests.find(({ path }) => path === PATH)
  if (!file) throw new Error('the request is not on the branch')
  return { file, ...(await reader.provenance(file, snapshot, TERMS)) }
}

async function leftBranch(pull: number): Promise<boolean> {
  const { reader } = world.open()
  const { commit: head } = await reader.snapshot()
  return reader.leftBranch({ repositoryId: 1002, path: PATH, pull }, head)
}

/** GitHub works out which pull requests hold a commit some seconds after a merge. */
function knowNoPulls(url: string, data: unknown): unknown {
  return url === '/repos/{owner}/{repo}/commits/{commit_sha}/pulls' ? [] : data
}

describe('the evidence of a merged request', () => {
  it.each(['merge', 'squash', 'rebase'] as const)(
    'is found where GitHub has not worked out yet which pull request a %s brought in',
    async (method) => {
      const { pull } = await grantedRequest(world, method)
      world.bend = knowNoPulls

      const { evidence } = await provenance()
      expect(evidence.pull).toMatchObject({ number: pull, merged: true })
    },
  )

  it.each([
    [{ commits: 251 }, '/commits', 'it has 251 commits, and GitHub lists 250 at most', 250],
    [{ changed_files: 3001 }, '/files', 'it changes 3001 files, and GitHub lists 3000 at most', 3000],
  ])('says why GitHub will never tell all of it: %j', async (told, list, cutOff, most) => {
    await grantedRequest(world)
    world.bend = (url, data) => {
      if (url.endsWith('/pulls/{pull_number}')) return Object.assign({}, data, told)
      const isList = url.endsWith(`/pulls/{pull_number}${list}`) && Array.isArray(data)
      return isList ? Array.from({ length: most }, () => data[0]) : data
    }
    expect((await provenance()).evidence.pull).toMatchObject({ merged: true, cutOff })
  })

  it.each([{ commits: 2 }, { changed_files: 2 }, { commits: 251 }, { changed_files: 3001 }])(
    'is unknown where the list that GitHub gives contradicts its count: %j',
    async (told) => {
      await grantedRequest(world)
      world.bend = (url, data) =>
        url.endsWith('/pulls/{pull_number}') ? Object.assign({}, data, told) : data
      await expect(provenance()).rejects.toThrow('of pull request #')
    },
  )

  it('has GitHub itself as the committer of what was written on a page of an Enterprise Server', async () => {
    const { people, at } = world
    const { git } = people.alice
    const { data: base } = await git.getCommit({ ...at, commit_sha: world.trustedCommit })
    const file = { path: PATH, mode: '100644', type: 'blob', content: TEXT } as const
    const tree = (await git.createTree({ ...at, base_tree: base.tree.sha, tree: [file] })).data.sha
    const author = { name: 'Alice', email: 'alice@acme.example' }
    // No account has this address, and this server is at no name but that.
    const committer = { name: 'GitHub Enterprise', email: 'noreply@127.0.0.1' }
    const ask = { message: 'Ask', tree, parents: [world.trustedCommit], author, committer }
    const { data } = await git.createCommit({ ...at, ...ask })
    await git.createRef({ ...at, ref: 'refs/heads/page', sha: data.sha })
    const pull = await people.alice.pulls.create({ ...at, head: 'page', base: 'main', title: 'Ask' })
    await people.oscar.pulls.merge({ ...at, pull_number: pull.data.number })

    expect((await provenance()).evidence.pull?.commits).toMatchObject([
      { author: { login: 'alice' }, committer: { login: 'web-flow' } },
    ])
  })

  it('is nobody’s of what was pushed while GitHub is as late', async () => {
    await grantedRequest(world)
    await commit(world, 'mallory', 'main', { [PATH]: null })
    await commit(world, 'mallory', 'main', { [PATH]: TEXT })
    world.bend = knowNoPulls

    expect((await provenance()).evidence.pull).toBeUndefined()
  })

  it.each(['merge', 'squash', 'rebase'] as const)('is told alike whether it came by %s', async (method) => {
    const { pull, mergeSha } = await grantedRequest(world, method)
    const { file, evidence, record } = await provenance()
    const bytes = { blob: file.blob, mode: '100644' }
    expect(record).toBeUndefined()
    expect(evidence).toMatchObject({
      path: PATH,
      onBranch: bytes,
      atMerge: bytes,
      beforeMerge: 'missing',
      authorPermission: 'write',
      trustRoot: { holds: true },
      pull: {
        number: pull,
        merged: true,
        mergeSha,
        author: { login: 'alice', id: 101, kind: 'person' },
        mergedBy: { login: 'oscar' },
        files: [{ path: PATH, status: 'added' }],
        commits: [{ author: { login: 'alice' }, touchesFile: true, coAuthors: [] }],
        reviews: [{ person: { login: 'olivia' }, state: 'approved', file: bytes }],
      },
      owners: {
        file: '.github/CODEOWNERS',
        line: 4,
        owners: [
          {
            kind: 'team',
            text: '@acme/data-owners',
            canWrite: true,
            members: [{ login: 'olivia' }, { login: 'oscar' }],
          },
        ],
      },
    })
  })

  it('begins before the first commit of a rebase, also for the file and its owners', async () => {
    const codeowners = '* @root\n'
    await commit(world, 'alice', 'ask', { [PATH]: 'first\n' }, 'First')
    await commit(world, 'alice', 'ask', { [PATH]: TEXT, '.github/CODEOWNERS': codeowners }, 'Second')
    const pull = await propose(world, 'alice', 'ask')
    await merge(world, 'oscar', pull, 'rebase')
    const { evidence } = await provenance()
    expect(evidence.beforeMerge).toBe('missing')
    expect(evidence.owners).toMatchObject({ line: 4, owners: [{ text: '@acme/data-owners' }] })
  })

  it('does not begin before commits that its own only look like, so that no former owner counts', async () => {
    await commit(world, 'root', 'main', { '.github/CODEOWNERS': '* @olivia\n' }, 'Tidy up')
    await disguised(world, 'alice', 'ask', { [PATH]: TEXT })
    await merge(world, 'oscar', await propose(world, 'alice', 'ask'), 'rebase')
    const { evidence } = await provenance()
    expect(evidence.pull?.commits).toHaveLength(2)
    expect(evidence.owners.owners).toMatchObject([{ kind: 'user', person: { login: 'olivia' } }])
  })

  it('is found by a commit in the midst of a rebase', async () => {
    await commit(world, 'alice', 'ask', { [PATH]: TEXT }, 'First')
    await commit(world, 'alice', 'ask', { 'other.md': 'more\n' }, 'Second')
    const pull = await propose(world, 'alice', 'ask')
    const mergeSha = await merge(world, 'oscar', pull, 'rebase')
    const { evidence } = await provenance()
    expect(evidence.pull).toMatchObject({ number: pull, mergeSha })
  })

  it('has no pull request where the bytes came by a push', async () => {
    await grantedRequest(world)
    await commit(world, 'mallory', 'main', { [PATH]: `${TEXT}# and more\n` })
    const { evidence } = await provenance()
    expect(evidence.pull).toBeUndefined()
    expect(evidence.atMerge).toBe('missing')
  })

  it('ties co-authors to accounts by the addresses that GitHub vouches for, else to nobody', async () => {
    const message = [
      'Ask',
      '',
      'Co-authored-by: Oscar <104+oscar@users.noreply.github.com>',
      'co-authored-by: Alice <ALICE@acme.example>',
      'Co-authored-by: Somebody <somebody@example.com>',
    ].join('\n')
    await commit(world, 'alice', 'ask', { [PATH]: TEXT }, message)
    await merge(world, 'olivia', await propose(world, 'alice', 'ask'))
    const { evidence } = await provenance()
    const [told] = evidence.pull?.commits ?? []
    expect(told?.coAuthors).toMatchObject([{ id: 104 }, { id: 101, login: 'alice' }, null])
  })

  it('holds each approval against the bytes of the commit that was looked at', async () => {
    await commit(world, 'alice', 'ask', { [PATH]: 'harmless\n' })
    const pull = await propose(world, 'alice', 'ask')
    await review(world, 'olivia', pull)
    await commit(world, 'alice', 'ask', { [PATH]: TEXT })
    await review(world, 'oscar', pull, 'COMMENT')
    await merge(world, 'oscar', pull)
    const { file, evidence } = await provenance()
    const [approval, comment] = evidence.pull?.reviews ?? []
    expect(approval?.file).not.toMatchObject({ blob: file.blob })
    expect(comment).toMatchObject({ state: 'commented', person: { login: 'oscar' } })
    expect(comment).not.toHaveProperty('file')
  })

  it('takes the owners from before the merge, not from what the pull request itself says', async () => {
    await commit(world, 'alice', 'ask', { [PATH]: TEXT, '.github/CODEOWNERS': '* @mallory\n' })
    await merge(world, 'mallory', await propose(world, 'alice', 'ask'))
    const { evidence } = await provenance()
    expect(evidence.owners.owners).toMatchObject([{ text: '@acme/data-owners' }])
    expect(evidence.trustRoot).toMatchObject({ holds: false })
  })

  it('says where a merge is out of view: before the trusted commit, or off the line of first parents', async () => {
    const { people, at, trustedCommit } = world
    await commit(world, 'mallory', 'main', { '.github/CODEOWNERS': '* @mallory\n' })
    const { mergeSha } = await grantedRequest(world)
    expect((await provenance()).evidence.mergedInView).toBe(true)
    const before = await provenance(mergeSha)
    expect(before.evidence).toMatchObject({ mergedInView: false, trustRoot: { holds: true } })

    const { git } = people.mallory
    const old = await git.getTree({ ...at, tree_sha: trustedCommit })
    const merged = await git.getTree({ ...at, tree_sha: mergeSha })
    const requests = merged.data.tree.find(({ path }) => path === 'access-requests')
    const tree = await git.createTree({
      ...at,
      base_tree: old.data.sha,
      tree: [{ path: 'access-requests', mode: '040000', type: 'tree', sha: requests?.sha ?? '' }],
    })
    const parents = [trustedCommit, mergeSha]
    const made = await git.createCommit({ ...at, message: 'Merge', tree: tree.data.sha, parents })
    await git.updateRef({ ...at, ref: 'heads/main', sha: made.data.sha })
    const hidden = await provenance()
    expect(hidden.evidence).toMatchObject({ mergedInView: false, trustRoot: { holds: true } })
  })

  it('was not taken out by what a side branch took out and put back before it was merged', async () => {
    const { pull } = await grantedRequest(world)
    await commit(world, 'mallory', 'readme', { [PATH]: null }, 'Half of it')
    await commit(world, 'mallory', 'readme', { [PATH]: TEXT, 'README.md': 'hi\n' }, 'Write a README')
    await merge(world, 'oscar', await propose(world, 'mallory', 'readme'))
    expect((await provenance()).evidence.takenOutSince).toBe(false)
    expect(await leftBranch(pull)).toBe(false)
  })

  it('was taken out by a force push to before it, whatever was pushed next', async () => {
    const { people, at, trustedCommit } = world
    const { pull, mergeSha } = await grantedRequest(world)
    const pointTo = (sha: string) => people.root.git.updateRef({ ...at, ref: 'heads/main', sha, force: true })
    await pointTo(trustedCommit)
    await commit(world, 'root', 'main', { 'note.md': 'taken out\n' })
    await pointTo(mergeSha)
    expect((await provenance()).evidence.takenOutSince).toBe(true)
    expect(await leftBranch(pull)).toBe(true)
  })

  it('looks up every kind of owner, and says why one does not count', async () => {
    const owners = '@olivia @mallory @nobody-here @acme/no-such-team @other/team someone@acme.example'
    await commit(world, 'root', 'main', { '.github/CODEOWNERS': `* ${owners}\n` })
    await grantedRequest(world)
    const { evidence } = await provenance()
    expect(evidence.owners.owners).toMatchObject([
      { kind: 'user', person: { login: 'olivia' }, permission: 'write' },
      { kind: 'user', person: { login: 'mallory' }, permission: 'write' },
      { kind: 'unresolved', text: '@nobody-here' },
      { kind: 'unresolved', text: '@acme/no-such-team' },
      { kind: 'unresolved', text: '@other/team' },
      { kind: 'email' },
    ])
  })

  it('counts nobody of a team that the app may not look into', async () => {
    await world.close()
    world = await newWorld({
      permissions: { checks: 'write', contents: 'write', metadata: 'read', pull_requests: 'write' },
    })
    await grantedRequest(world)
    const { evidence } = await provenance()
    expect(evidence.owners.owners).toMatchObject([{ kind: 'unresolved', text: '@acme/data-owners' }])
  })
})

describe('the pull request that added a file', () => {
  /** By the short way, and by all evidence. */
  async function origins() {
    const { reader } = world.open()
    const snapshot = await reader.snapshot()
    const { evidence, earlier } = await provenance()
    const [first = evidence] = earlier.map((brought) => brought.evidence)
    return [await reader.originOf(PATH, snapshot.commit), first.pull?.number]
  }

  it.each(['merge', 'squash', 'rebase'] as const)(
    'is the first one, however often others changed the file since: %s',
    async (method) => {
      const { pull } = await grantedRequest(world, method)
      for (const more of ['twice', 'thrice']) {
        await commit(world, 'alice', more, { [PATH]: `${TEXT}# ${more}\n` })
        await merge(world, 'oscar', await propose(world, 'alice', more), method)
      }
      expect(await origins()).toEqual([pull, pull])
    },
  )

  it('is nobody’s where somebody pushed the file, or what it is now', async () => {
    await commit(world, 'mallory', 'main', { [PATH]: TEXT })
    expect(await origins()).toEqual([undefined, undefined])
    await commit(world, 'alice', 'more', { [PATH]: `${TEXT}# more\n` })
    await merge(world, 'oscar', await propose(world, 'alice', 'more'))
    expect(await origins()).toEqual([undefined, undefined])
    await commit(world, 'mallory', 'main', { [PATH]: `${TEXT}# pushed\n` })
    expect(await origins()).toEqual([undefined, undefined])
  })

  it('is the later one where the file was taken out and added again', async () => {
    await grantedRequest(world)
    await commit(world, 'root', 'main', { [PATH]: null })
    await commit(world, 'alice', 'again', { [PATH]: TEXT })
    const again = await propose(world, 'alice', 'again')
    await merge(world, 'oscar', again)
    expect(await origins()).toEqual([again, again])
  })
})

describe('the evidence of an open request', () => {
  it('goes as far as it does before the merge', async () => {
    await commit(world, 'alice', 'ask', { [PATH]: TEXT })
    const pull = await propose(world, 'alice', 'ask')
    const { reader } = world.open()
    const evidence = await reader.previewEvidence(pull, PATH, TERMS)
    expect(evidence).toMatchObject({
      onBranch: 'missing',
      beforeMerge: 'missing',
      atMerge: { mode: '100644' },
      authorPermission: 'write',
      trustRoot: { holds: true },
      pull: { number: pull, merged: false, mergedBy: null, author: { login: 'alice' } },
      owners: { owners: [{ kind: 'team' }] },
    })
    expect(evidence.pull).not.toHaveProperty('mergeSha')
  })
})
