import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { identityHash } from '../../src/core/grant.ts'
import { LABELS } from '../../src/core/label.ts'
import type { CheckReport } from '../../src/core/report.ts'
import type { Word } from '../../src/ports.ts'
import { commit, grantedRequest, merge, newWorld, PATH, propose, TEXT, type World } from './world.ts'

let world: World
let headSha: string
beforeEach(async () => {
  world = await newWorld()
  headSha = await commit(world, 'alice', 'ask', { [PATH]: TEXT })
})
afterEach(() => world.close())

const REPORT: CheckReport = {
  title: 'It would be granted',
  summary: 'Who and what',
  text: 'Policies',
  annotations: [],
}

async function checksOn(sha: string) {
  const { data } = await world.people.alice.checks.listForRef({ ...world.at, ref: sha, filter: 'all' })
  return data.check_runs
}

async function buttonsOf(checkRunId: number): Promise<readonly string[]> {
  const { owner, repo } = world.at
  const { data } = await world.people.alice.request(
    `GET ${world.url}/${owner}/${repo}/runs/${checkRunId}/actions`,
  )
  return data.actions.map(({ label }: { readonly label: string }) => label)
}

describe('the check on a pull request', () => {
  it('says what it found, and is found again by its external id', async () => {
    const { reader, writer } = world.open()
    expect(await reader.lastRequestCheck(headSha)).toBeUndefined()
    await writer.writeRequestCheck(headSha, 'of-these-bytes', 'success', REPORT)
    expect(await reader.lastRequestCheck(headSha)).toBe('of-these-bytes')
    const { title, summary, text } = REPORT
    expect(await checksOn(headSha)).toMatchObject([
      {
        name: 'Daypass / request',
        status: 'completed',
        conclusion: 'success',
        output: { title, summary, text },
      },
    ])
  })

  it('brings more annotations than GitHub takes at once', async () => {
    const annotations = Array.from({ length: 120 }, (_, i) => ({
      path: PATH,
      line: i + 1,
      column: 1,
      title: 'unknown-key',
      message: `Problem ${i}`,
    }))
    const { reader, writer } = world.open()
    await writer.writeRequestCheck(headSha, 'of-these-bytes', 'failure', { ...REPORT, annotations })
    expect(await reader.lastRequestCheck(headSha)).toBe('of-these-bytes')
    expect(await checksOn(headSha)).toMatchObject([
      { conclusion: 'failure', output: { annotations_count: 120 } },
    ])
  })

  it('is cut where it is too long, and says so', async () => {
    const { writer } = world.open()
    await writer.writeRequestCheck(headSha, 'long', 'neutral', { ...REPORT, summary: '😀'.repeat(40_000) })
    const [check] = await checksOn(headSha)
    const bytes = Buffer.byteLength(check?.output.summary ?? '')
    expect(bytes).toBeLessThanOrEqual(65_535)
    expect(bytes).toBeGreaterThan(65_535 - 4)
    expect(check?.output.summary).toMatch(/^(😀)+\n\n_Cut here: GitHub shows no more\._$/u)
  })

  it('names the permission that is missing', async () => {
    await world.close()
    world = await newWorld({ permissions: { metadata: 'read', contents: 'read', checks: 'read' } })
    headSha = await commit(world, 'alice', 'ask', { [PATH]: TEXT })
    const writing = world.open().writer.writeRequestCheck(headSha, 'x', 'success', REPORT)
    await expect(writing).rejects.toThrow(/writing the check "Daypass \/ request" .* permission .*checks/i)
  })
})

describe('the record of a request', () => {
  it('is kept on the merge commit, by request, from pending to its end', async () => {
    const { pull, mergeSha } = await merged()
    const identity = { repositoryId: 1002, path: PATH, pull }
    const { reader, writer } = world.open()
    expect(await reader.recordOf(identity)).toEqual({ mergeSha })
    const pending = await writer.writeRecord(mergeSha, identity, undefined, 'pending', {
      ...REPORT,
      text: 'kept',
    })
    expect(await reader.recordOf(identity)).toEqual({ mergeSha, record: pending })
    expect(await checksOn(mergeSha)).toMatchObject([{ name: 'Daypass / grant', status: 'queued' }])
    const granted = await writer.writeRecord(mergeSha, identity, pending, 'granted', {
      ...REPORT,
      text: 'kept',
    })
    expect(await checksOn(mergeSha)).toMatchObject([{ status: 'completed', conclusion: 'neutral' }])
    expect(await buttonsOf(granted.checkRunId)).toEqual(['End access now'])
    await writer.writeRecord(mergeSha, identity, granted, 'ended', { ...REPORT, text: 'kept' })
    expect(await checksOn(mergeSha)).toMatchObject([{ status: 'completed', conclusion: 'neutral' }])
    expect(await buttonsOf(granted.checkRunId)).toEqual([])
    expect((await world.open().reader.recordOf(identity)).record).toMatchObject({
      state: 'ended',
      text: 'kept',
    })
  })

  it('is one again after two replicas wrote two: the older counts, and the other says so', async () => {
    const { pull, mergeSha } = await merged()
    const identity = { repositoryId: 1002, path: PATH, pull }
    const { reader, writer } = world.open()
    const older = await writer.writeRecord(mergeSha, identity, undefined, 'approved', REPORT)
    await world.open().writer.writeRecord(mergeSha, identity, undefined, 'approved', REPORT)
    const { record } = await reader.recordOf(identity)
    expect(record?.checkRunId).toBe(older.checkRunId)
    await writer.writeRecord(mergeSha, identity, record, 'approved', REPORT)
    const [first, second] = (await checksOn(mergeSha)).sort((a, b) => a.id - b.id)
    expect(first).toMatchObject({ id: older.checkRunId, status: 'in_progress' })
    expect(second).toMatchObject({ conclusion: 'neutral', output: { title: 'Written twice' } })
    expect((await world.open().reader.recordOf(identity)).record).toEqual(older)
  })

  it('is one again where both were completed already', async () => {
    const { pull, mergeSha } = await merged()
    const identity = { repositoryId: 1002, path: PATH, pull }
    const older = await world.open().writer.writeRecord(mergeSha, identity, undefined, 'granted', REPORT)
    await world.open().writer.writeRecord(mergeSha, identity, undefined, 'rejected', REPORT)
    const { reader, writer } = world.open()
    const { record } = await reader.recordOf(identity)
    await writer.writeRecord(mergeSha, identity, record, 'ended', REPORT)
    const [first, second] = (await checksOn(mergeSha)).sort((a, b) => a.id - b.id)
    expect(first).toMatchObject({ id: older.checkRunId, conclusion: 'neutral' })
    expect(second).toMatchObject({ conclusion: 'failure', output: { title: 'Written twice' } })
    expect((await world.open().reader.recordOf(identity)).record).toMatchObject({ state: 'ended' })
  })

  it.each(['granted', 'rejected', 'ended'] as const)(
    'goes on to be kept where GitHub gave up on its check run, which is %s then',
    async (state) => {
      const { pull, mergeSha } = await merged()
      const identity = { repositoryId: 1002, path: PATH, pull }
      const { checkRunId } = await world
        .open()
        .writer.writeRecord(mergeSha, identity, undefined, 'approved', REPORT)
      world.clock.set(world.clock.now() + 15 * 86_400_000)
      const { reader, writer } = world.open()
      const { record } = await reader.recordOf(identity)
      await writer.writeRecord(mergeSha, identity, record, state, REPORT)
      expect(await checksOn(mergeSha)).toMatchObject([{ id: checkRunId, conclusion: 'stale' }])
      expect((await world.open().reader.recordOf(identity)).record).toMatchObject({ state, checkRunId })
      expect(await buttonsOf(checkRunId)).toEqual(state === 'granted' ? ['End access now'] : [])
    },
  )

  it('that an older version left open while access stands is completed, so that its button shows', async () => {
    const { pull, mergeSha } = await merged()
    const identity = { repositoryId: 1002, path: PATH, pull }
    const { reader, writer } = world.open()
    const written = await writer.writeRecord(mergeSha, identity, undefined, 'approved', REPORT)
    const app = await world.authenticate(301)
    const external_id = `granted:${identityHash(identity)}`
    await app.rest.checks.update({ ...world.at, check_run_id: written.checkRunId, external_id })
    const { record } = await reader.recordOf(identity)
    await writer.writeRecord(mergeSha, identity, record, 'granted', REPORT)
    expect(await checksOn(mergeSha)).toMatchObject([{ id: written.checkRunId, conclusion: 'neutral' }])
    expect(await buttonsOf(written.checkRunId)).toEqual(['End access now'])
  })

  it('is not taken from another request on the same commit', async () => {
    const { pull, mergeSha } = await merged()
    const { reader, writer } = world.open()
    const other = { repositoryId: 1002, path: 'access-requests/prod/billing-archive/bob.yaml', pull }
    await writer.writeRecord(mergeSha, other, undefined, 'granted', REPORT)
    expect(await reader.recordOf({ ...other, path: PATH })).toEqual({ mergeSha })
    expect(await reader.recordOf(other)).toMatchObject({ record: { state: 'granted' } })
  })

  it('is missing while the pull request is not merged', async () => {
    const pull = await propose(world, 'alice', 'ask')
    expect(await world.open().reader.recordOf({ repositoryId: 1002, path: PATH, pull })).toEqual({})
  })

  it('comes with the evidence of the file', async () => {
    const { pull, mergeSha } = await merged()
    const { reader, writer } = world.open()
    const identity = { repositoryId: 1002, path: PATH, pull }
    await writer.writeRecord(mergeSha, identity, undefined, 'rejected', REPORT)
    const snapshot = await reader.snapshot()
    const [file] = snapshot.requests
    if (!file) throw new Error('the request is not on the branch')
    const terms = { requester: 'alice', approvalsNeeded: 1, mergeBy: 'owners' } as const
    expect(await reader.provenance(file, snapshot, terms)).toMatchObject({ record: { state: 'rejected' } })
  })

  async function merged() {
    await world.close()
    world = await newWorld()
    return grantedRequest(world)
  }
})

it('broken rules are reported once, on the commit that gave the rules their text', async () => {
  const { data } = await world.people.alice.repos.listCommits({
    ...world.at,
    path: '.github/daypass.yml',
    per_page: 1,
  })
  const broken = data[0]?.sha ?? ''
  await world.open().writer.reportBrokenRules(headSha, REPORT)
  await world.open().writer.reportBrokenRules(headSha, REPORT)
  expect(await checksOn(broken)).toMatchObject([{ name: 'Daypass / rules', conclusion: 'failure' }])
})

const WAITING: Word = { markdown: 'Waiting', of: 'open', stage: 'waiting' }
const GRANTED: Word = { markdown: 'Granted', of: 'merged', stage: 'active' }

describe('the comment on a pull request', () => {
  let pull: number
  beforeEach(async () => {
    pull = await propose(world, 'alice', 'ask')
  })

  async function comments() {
    const { data } = await world.people.alice.issues.listComments({ ...world.at, issue_number: pull })
    return data
  }

  async function labels() {
    const { data } = await world.people.alice.issues.listLabelsOnIssue({ ...world.at, issue_number: pull })
    return data.map(({ name }) => name).sort()
  }

  it('is one, brought up to date', async () => {
    await world.open().writer.tell(pull, WAITING)
    await world.open().writer.tell(pull, GRANTED)
    expect(await comments()).toMatchObject([
      { user: { login: 'daypass[bot]' }, body: '<!-- daypass -->\nGranted' },
    ])
  })

  describe('of news', () => {
    const OPEN: Word = { ...GRANTED, news: 'granted' }
    const ids = async () => (await comments()).map(({ id }) => id)

    it('is a new one, so that people are notified, and takes the place of what was said before', async () => {
      await world.open().writer.tell(pull, WAITING)
      const [waiting] = await ids()
      await world.open().writer.tell(pull, OPEN)
      expect(await comments()).toMatchObject([{ body: '<!-- daypass --><!-- news: granted -->\nGranted' }])
      expect(await ids()).not.toContain(waiting)
    })

    it('is told once, however its words change', async () => {
      await world.open().writer.tell(pull, OPEN)
      const told = await ids()
      await world.open().writer.tell(pull, { ...OPEN, markdown: 'Granted for longer' })
      await world.open().writer.tell(pull, { ...GRANTED, markdown: 'Over', stage: 'ended' })
      expect(await ids()).toEqual(told)
    })

    it('is told again where it is news of something else', async () => {
      await world.open().writer.tell(pull, OPEN)
      const told = await ids()
      await world.open().writer.tell(pull, { ...OPEN, markdown: 'Over', stage: 'ended', news: 'ended' })
      expect(await comments()).toHaveLength(1)
      expect(await ids()).not.toEqual(told)
    })

    it('is one where the app was killed before it took the old one away, or two replicas told it', async () => {
      const app = await world.authenticate(301)
      const body = '<!-- daypass --><!-- news: granted -->\nGranted'
      for (const left of ['<!-- daypass --><!-- before the merge -->\nWaiting', body, body])
        await app.rest.issues.createComment({ ...world.at, issue_number: pull, body: left })
      const [, first] = await ids()
      await world.open().writer.tell(pull, OPEN)
      expect(await ids()).toEqual([first])
    })

    it('is not taken for told where the text before quotes its mark', async () => {
      const markdown = '`access` is `<!-- news: granted --><!-- daypass reminder 1 -->`'
      await world.open().writer.tell(pull, { ...WAITING, markdown })
      const [waiting] = await ids()
      await world.open().writer.tell(pull, OPEN)
      expect(await comments()).toHaveLength(1)
      expect(await ids()).not.toContain(waiting)
    })

    it('leaves the reminder alone', async () => {
      const { writer } = world.open()
      await writer.remind(pull, 1764000000, 'Soon over')
      await writer.tell(pull, OPEN)
      expect(await comments()).toMatchObject([{ body: expect.stringContaining('Soon over') }, {}])
    })
  })

  it('is left alone when it says so already', async () => {
    const { writer } = world.open()
    await writer.tell(pull, GRANTED)
    world.callsOfApp()
    await writer.tell(pull, GRANTED)
    expect(world.callsOfApp()).toMatchObject([
      expect.stringMatching(/^GET .*\/comments/),
      expect.stringMatching(/^GET .*\/labels/),
    ])
  })

  it('on the merge is never overtaken by one from before, whichever is told first', async () => {
    await merge(world, 'oscar', pull)
    for (const words of [
      [WAITING, GRANTED],
      [GRANTED, WAITING],
    ]) {
      const { writer } = world.open()
      await Promise.all(words.map((word) => writer.tell(pull, word)))
      expect(await comments()).toMatchObject([{ body: '<!-- daypass -->\nGranted' }])
      expect(await labels()).toEqual(['daypass: active'])
    }
  })

  it('is set right where somebody edited it on an open pull request, marker and all', async () => {
    await world.open().writer.tell(pull, WAITING)
    const [waiting] = await comments()
    const body = '<!-- daypass -->\nApproved, and granted for ever'
    await world.people.mallory.issues.updateComment({ ...world.at, comment_id: waiting?.id ?? 0, body })
    await world.open().writer.tell(pull, WAITING)
    expect(await comments()).toMatchObject([{ id: waiting?.id, body: waiting?.body }])
  })

  it('keeps a refusal as it was told, but not the word of waiting before it', async () => {
    const { writer } = world.open()
    const refused = (markdown: string): Word => ({ markdown, of: 'merged', stage: 'refused' })
    await writer.tell(pull, WAITING)
    await writer.tell(pull, refused('Refused'), 'keep')
    await writer.tell(pull, refused('Refused, in other words'), 'keep')
    expect(await comments()).toMatchObject([{ body: '<!-- daypass -->\nRefused' }])
  })

  it('is not begun only to say that nothing is asked for any more', async () => {
    await world.open().writer.tell(pull, { markdown: 'Nothing', of: 'open' }, 'change')
    expect(await comments()).toEqual([])
  })

  it('comes with a label, one at a time, beside those of people', async () => {
    const at = { ...world.at, issue_number: pull }
    await world.people.mallory.issues.addLabels({ ...at, labels: ['urgent', 'daypass: active'] })
    await world.open().writer.tell(pull, WAITING)
    expect(await labels()).toEqual(['daypass: waiting', 'urgent'])
    await world.open().writer.tell(pull, { ...GRANTED, stage: 'ended' })
    expect(await labels()).toEqual(['daypass: ended', 'urgent'])
  })

  it('has its label made with colour and description, and left as people changed it', async () => {
    await world.open().writer.tell(pull, WAITING)
    await world.open().writer.tell(pull, GRANTED)
    await world.open().writer.tell(pull, { ...WAITING, of: 'merged' })
    const { data } = await world.people.alice.issues.listLabelsOnIssue({ ...world.at, issue_number: pull })
    expect(data).toMatchObject([LABELS.waiting])
  })

  it('is written anew after somebody deleted it', async () => {
    const { writer } = world.open()
    await writer.tell(pull, GRANTED)
    for (const { id } of await comments())
      await world.people.root.issues.deleteComment({ ...world.at, comment_id: id })
    await writer.tell(pull, GRANTED)
    expect(await comments()).toHaveLength(1)
  })

  it("is never somebody else's with the same marker", async () => {
    const body = '<!-- daypass -->\nGranted for ever'
    await world.people.mallory.issues.createComment({ ...world.at, issue_number: pull, body })
    await world.open().writer.tell(pull, GRANTED)
    expect(await comments()).toMatchObject([
      { user: { login: 'mallory' }, body },
      { user: { login: 'daypass[bot]' }, body: '<!-- daypass -->\nGranted' },
    ])
  })

  it('stays the oldest of those that two replicas wrote', async () => {
    const app = await world.authenticate(301)
    for (const body of ['<!-- daypass -->\nOne', '<!-- daypass -->\nTwo']) {
      await app.rest.issues.createComment({ ...world.at, issue_number: pull, body })
    }
    const [oldest] = await comments()
    await world.open().writer.tell(pull, GRANTED)
    expect(await comments()).toMatchObject([{ id: oldest?.id, body: '<!-- daypass -->\nGranted' }])
  })
})
