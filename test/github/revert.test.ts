import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Revert } from '../../src/ports.ts'
import { commit, grantedRequest, newWorld, PATH, TEXT, type World, type WorldOptions } from './world.ts'

const BRANCH = 'daypass-revert-alice-1'
const MESSAGE = 'End the access of alice\n\nDaypass-Reason: "expired"'

let world: World
let revert: Revert
beforeEach(() => begin())
afterEach(() => world.close())

async function begin(options?: WorldOptions) {
  world = await newWorld(options)
  const { pull } = await grantedRequest(world)
  const [file] = (await world.open().reader.snapshot()).requests
  if (!file) throw new Error('the request is not on the branch')
  revert = {
    identity: { repositoryId: 1002, path: PATH, pull },
    blob: file.blob,
    branch: BRANCH,
    title: 'End the access of alice',
    commitMessage: MESSAGE,
    body: 'Its window is over.',
  }
}

async function opened() {
  const state = await world.open().writer.openRevert(revert)
  if (state.kind !== 'open') throw new Error(`the revert is ${state.kind}`)
  return state
}

async function onBranch() {
  return (await world.open().reader.snapshot()).requests.map(({ path }) => path)
}

async function head(branch: string): Promise<string | undefined> {
  const { people, at } = world
  const ref = await people.root.git.getRef({ ...at, ref: `heads/${branch}` }).catch(() => undefined)
  return ref?.data.object.sha
}

async function commitOf(sha: string) {
  return (await world.people.root.repos.getCommit({ ...world.at, ref: sha })).data
}

describe('a revert pull request', () => {
  it("takes the file out by one signed commit of the app's, with the receipt", async () => {
    const state = await opened()
    const { commit: made, files, author } = await commitOf(state.headSha)
    expect(files).toMatchObject([{ filename: PATH, status: 'removed' }])
    expect(made).toMatchObject({ message: MESSAGE, verification: { verified: true } })
    expect(author?.login).toBe('daypass[bot]')
    const pull = await world.people.alice.pulls.get({ ...world.at, pull_number: state.pull })
    expect(pull.data).toMatchObject({
      title: revert.title,
      body: revert.body,
      head: { ref: BRANCH, sha: state.headSha },
    })
  })

  it('is opened once', async () => {
    expect(await opened()).toEqual(await opened())
  })

  it('is not needed where the file is gone, or has other bytes', async () => {
    await commit(world, 'root', 'main', { [PATH]: `${TEXT}# changed\n` })
    expect(await world.open().writer.openRevert(revert)).toEqual({ kind: 'not-needed' })
    await commit(world, 'root', 'main', { [PATH]: null })
    expect(await world.open().writer.openRevert(revert)).toEqual({ kind: 'not-needed' })
    expect(await head(BRANCH)).toBeUndefined()
  })

  it('stays closed where a person closed it', async () => {
    const { pull } = await opened()
    await world.people.olivia.pulls.update({ ...world.at, pull_number: pull, state: 'closed' })
    expect(await world.open().writer.openRevert(revert)).toEqual({ kind: 'closed', pull })
  })

  it("is opened although somebody closed one of their own from the app's branch", async () => {
    const { people, at } = world
    await commit(world, 'mallory', BRANCH, { 'a.md': 'a\n' })
    const { data } = await people.mallory.pulls.create({ ...at, head: BRANCH, base: 'main', title: 'Mine' })
    await people.mallory.pulls.update({ ...at, pull_number: data.number, state: 'closed' })
    const state = await opened()
    expect(state.pull).not.toBe(data.number)
    expect((await commitOf(state.headSha)).commit.message).toBe(MESSAGE)
  })

  it('never takes a commit for its own that somebody put there in its name, with a receipt of their own', async () => {
    const { people, at } = world
    const forgery = 'End the access of alice\n\nDaypass-Reason: "given-back"'
    const forged = await commit(world, 'mallory', BRANCH, { [PATH]: null }, forgery)
    const { headSha } = await opened()
    expect(headSha).not.toBe(forged)
    expect((await commitOf(headSha)).commit.message).toBe(MESSAGE)
    const log = await people.alice.repos.listCommits({ ...at, sha: headSha })
    expect(log.data.map(({ sha }) => sha)).not.toContain(forged)
  })

  it('holds its own commit again after somebody pushed over it, under the same pull request', async () => {
    const before = await opened()
    await commit(world, 'mallory', BRANCH, { 'evil.md': 'evil\n' })
    const after = await opened()
    expect(after.pull).toBe(before.pull)
    expect(await world.open().writer.mergeRevert(after, revert)).toBe('merged')
    expect(await onBranch()).toEqual([])
    await expect(world.people.alice.repos.getContent({ ...world.at, path: 'evil.md' })).rejects.toMatchObject(
      { status: 404 },
    )
  })

  it("is opened although somebody has a branch below its name, or one of the app's own name", async () => {
    const { people, at, trustedCommit } = world
    for (const name of ['daypass', `${BRANCH}/x`, `${BRANCH}/y/z`])
      await people.mallory.git.createRef({ ...at, ref: `refs/heads/${name}`, sha: trustedCommit })
    const state = await opened()
    expect(await world.open().writer.mergeRevert(state, revert)).toBe('merged')
    expect([await onBranch(), await head('daypass')]).toEqual([[], trustedCommit])
  })

  it('goes on after a crash that left the branch without its commit, behind the default branch', async () => {
    const { people, at, trustedCommit } = world
    await people.root.git.createRef({ ...at, ref: `refs/heads/${BRANCH}`, sha: trustedCommit })
    const { headSha } = await opened()
    expect((await commitOf(headSha)).parents).toMatchObject([{ sha: await head('main') }])
  })

  it('goes on after a crash that left the commit without its pull request', async () => {
    const { people, at } = world
    const app = await world.authenticate(301)
    const sha = (await head('main')) ?? ''
    await people.root.git.createRef({ ...at, ref: `refs/heads/${BRANCH}`, sha })
    const removal = { path: PATH, branch: BRANCH, sha: revert.blob, message: MESSAGE }
    const { data } = await app.rest.repos.deleteFile({ ...at, ...removal })
    expect((await opened()).headSha).toBe(data.commit.sha)
  })
})

describe('its merge', () => {
  it('takes the file out of the default branch, with the receipt in its history, and the branch away', async () => {
    const state = await opened()
    expect(await world.open().writer.mergeRevert(state, revert)).toBe('merged')
    expect(await onBranch()).toEqual([])
    expect(await head(BRANCH)).toBeUndefined()
    const log = await world.people.alice.repos.listCommits({ ...world.at })
    expect(log.data.map(({ commit: { message } }) => message)).toContain(MESSAGE)
    expect(await world.open().writer.openRevert(revert)).toEqual({ kind: 'merged', pull: state.pull })
  })

  it('leaves no branch behind, though a run was interrupted right after the merge', async () => {
    const { pull } = await opened()
    await world.people.root.pulls.merge({ ...world.at, pull_number: pull })
    await world.open().writer.tidyReverts()

    expect(await head(BRANCH)).toBeUndefined()
  })

  it('leaves none behind either among any number of branches that somebody made, and asks about none of these', async () => {
    const { people, at } = world
    const { pull } = await opened()
    await people.root.pulls.merge({ ...at, pull_number: pull })
    const sha = (await head('main')) ?? ''
    for (let index = 0; index < 200; index++)
      await people.mallory.git.createRef({ ...at, ref: `refs/heads/daypass/revert-${index}`, sha })
    const { writer } = world.open()
    world.callsOfApp()
    await writer.tidyReverts()

    expect(world.callsOfApp().length).toBeLessThanOrEqual(10)
    expect(await head(BRANCH)).toBeUndefined()
    expect(await head('daypass/revert-0')).toBeDefined()
  })

  it('leaves a branch alone that waits for its merge, or that somebody went on from', async () => {
    const { pull } = await opened()
    await world.open().writer.tidyReverts()
    expect(await head(BRANCH)).toBeDefined()
    await world.people.root.pulls.merge({ ...world.at, pull_number: pull })
    await commit(world, 'root', BRANCH, { 'NOTES.md': 'More to come\n' })
    await world.open().writer.tidyReverts()

    expect(await head(BRANCH)).toBeDefined()
  })

  it('is done again after the branch was set back to where the file was', async () => {
    const before = await head('main')
    const first = await opened()
    await world.open().writer.mergeRevert(first, revert)
    await world.people.root.git.updateRef({ ...world.at, ref: 'heads/main', sha: before ?? '', force: true })
    const second = await opened()
    expect(second.pull).not.toBe(first.pull)
    expect(await world.open().writer.mergeRevert(second, revert)).toBe('merged')
    expect(await onBranch()).toEqual([])
  })

  it('waits where somebody pushed to the branch', async () => {
    const state = await opened()
    const headSha = await commit(world, 'mallory', BRANCH, { 'evil.md': 'evil\n' })
    expect(await world.open().writer.mergeRevert(state, revert)).toBe('waiting')
    expect(await world.open().writer.mergeRevert({ ...state, headSha }, revert)).toBe('waiting')
    expect(await onBranch()).toEqual([PATH])
  })

  it('waits where somebody else made the same removal, with the same words', async () => {
    const state = await opened()
    const headSha = await commit(world, 'mallory', 'copy', { [PATH]: null }, MESSAGE)
    const ref = `heads/${BRANCH}`
    await world.people.mallory.git.updateRef({ ...world.at, ref, sha: headSha, force: true })
    expect(await world.open().writer.mergeRevert({ ...state, headSha }, revert)).toBe('waiting')
    expect(await onBranch()).toEqual([PATH])
  })

  it("takes no commits in the app's name that would roll the default branch back", async () => {
    const { people, at } = world
    const { git, pulls } = people.mallory
    const [path, bobs] = [
      'access-requests/prod/billing-archive/m.yaml',
      'access-requests/prod/billing-archive/b.yaml',
    ]
    const old = (await commitOf('main')).sha
    const before = await commit(world, 'bob', 'main', { [bobs]: TEXT })
    // The younger of two common ancestors is the one that GitHub compares with.
    const committer = { name: 'Mallory', email: 'mallory@acme.example', date: '2100-01-01T00:00:00Z' }
    const made = await git.createTree({
      ...at,
      base_tree: old,
      tree: [{ path, mode: '100644', type: 'blob', content: TEXT }],
    })
    const ask = { message: 'Ask', tree: made.data.sha, parents: [old], committer }
    const asked = (await git.createCommit({ ...at, ...ask })).data.sha
    await git.createRef({ ...at, ref: 'refs/heads/mine', sha: asked })
    const { data: pull } = await pulls.create({ ...at, head: 'mine', base: 'main', title: 'Ask' })
    await pulls.merge({ ...at, pull_number: pull.number, merge_method: 'merge' })
    revert = { ...revert, identity: { repositoryId: 1002, path, pull: pull.number } }

    // What was merged and what it was merged into are both behind it, and against the first it only takes the file out.
    const bot = { name: 'daypass[bot]', email: await emailOfApp() }
    const tree = (await commitOf(old)).commit.tree.sha
    const make = async (message: string, parents: string[]) =>
      (await git.createCommit({ ...at, message, tree, parents, author: bot, committer: bot })).data.sha
    const forged = await make('Bring main in', [await make(MESSAGE, [asked]), before])
    await git.createRef({ ...at, ref: `refs/heads/${BRANCH}`, sha: forged })

    const state = await opened()
    expect(state.headSha).not.toBe(forged)
    expect(await world.open().writer.mergeRevert({ ...state, headSha: forged }, revert)).toBe('waiting')
    expect(await world.open().writer.mergeRevert(state, revert)).toBe('merged')
    expect(await onBranch()).toEqual([bobs, PATH])
  })

  /** GitHub takes a commit for the account's whose address it bears. */
  async function emailOfApp(): Promise<string> {
    const { at } = world
    const app = await world.authenticate(301)
    const tree = (await commitOf('main')).commit.tree.sha
    const { data } = await app.rest.git.createCommit({ ...at, message: 'Mine', tree, parents: [] })
    return data.author.email
  }

  it('waits where the file has other bytes by now', async () => {
    const state = await opened()
    await commit(world, 'root', 'main', { [PATH]: `${TEXT}# changed\n` })
    expect(await world.open().writer.mergeRevert(state, revert)).toBe('waiting')
    expect(await onBranch()).toEqual([PATH])
  })

  it('goes past the rules of a protected repository, where the app may', async () => {
    await world.close()
    world = await newWorld({ repo: 'access' })
    await requestInProtected()
    const state = await opened()
    expect(await world.open().writer.mergeRevert(state, revert)).toBe('merged')
    expect(await onBranch()).toEqual([])
  })

  it('is merged another way where the branch takes no merge commits, and all else that the rules want is there', async () => {
    await world.close()
    world = await newWorld({ repo: 'access', rules: { linearHistory: true, bypassForPullRequests: [] } })
    await requestInProtected('squash')
    const state = await opened()
    expect(await world.open().writer.mergeRevert(state, revert)).toBe('waiting')

    await passChecks(state.headSha)
    const pull = { ...world.at, pull_number: state.pull }
    await world.people.olivia.pulls.createReview({ ...pull, event: 'APPROVE', body: 'Yes' })
    expect(await world.open().writer.mergeRevert(state, revert)).toBe('merged')
    expect(await onBranch()).toEqual([])
    expect((await commitOf('main')).parents).toHaveLength(1)
    expect((await commitOf('main')).commit.message).toBe(MESSAGE)
  })

  async function passChecks(headSha: string) {
    const report = { title: 'Fine', summary: 'Fine', annotations: [] }
    const { writer } = world.open()
    await writer.writeRequestCheck(headSha, 'fine', 'success', report)
    await writer.writeApprovalCheck(headSha, 'fine', undefined, { ...report, state: 'success' })
  }

  async function requestInProtected(merge_method: 'merge' | 'squash' = 'merge') {
    const { people, at } = world
    const headSha = await commit(world, 'alice', 'ask', { [PATH]: TEXT })
    await passChecks(headSha)
    const { data } = await people.alice.pulls.create({ ...at, head: 'ask', base: 'main', title: 'Ask' })
    await people.olivia.pulls.createReview({ ...at, pull_number: data.number, event: 'APPROVE', body: 'Yes' })
    await people.oscar.pulls.merge({ ...at, pull_number: data.number, merge_method })
    revert = { ...revert, identity: { repositoryId: 1001, path: PATH, pull: data.number } }
  }
})
