import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { DeliveryMode } from '../../../src/sandbox/github/webhooks.ts'
import { type Bench, type Delivered, startBench } from './bench.ts'
import { addBranch, approve, OPEN, pass, propose, putFile } from './steps.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(async () => {
  await bench.close()
})

async function heard(from: number) {
  return (await bench.delivered())
    .slice(from)
    .map(({ event, action }) => (action ? `${event}.${action}` : event))
}

describe('webhooks to the app', () => {
  test('a pull request is told from its branch to its merge, in order and signed', async () => {
    const from = (await bench.delivered()).length
    const pull = await propose(bench.as('alice'), OPEN, 'told')
    await putFile(bench.as('alice'), OPEN, 'told', 'more.txt', 'more\n')
    await approve(bench.as('olivia'), OPEN, pull.number)
    await bench.as('alice').pulls.merge({ ...OPEN, pull_number: pull.number })
    expect(await heard(from)).toEqual([
      'create',
      'push',
      'check_suite.requested',
      'push',
      'check_suite.requested',
      'pull_request.opened',
      'push',
      'check_suite.requested',
      'pull_request.synchronize',
      'pull_request_review.submitted',
      'pull_request.closed',
      'push',
      'check_suite.requested',
    ])
    expect((await bench.delivered()).every(({ signed }) => signed)).toBe(true)
    expect(bench.violations).toEqual([])
  })

  test('edits, retargets, closing, reopening and drafts are told', async () => {
    const alice = bench.as('alice')
    const pull = await propose(alice, OPEN, 'edited')
    await addBranch(alice, OPEN, 'elsewhere')
    const from = (await bench.delivered()).length
    const pull_number = pull.number
    await alice.pulls.update({ ...OPEN, pull_number, title: 'Another title' })
    await alice.pulls.update({ ...OPEN, pull_number, base: 'elsewhere' })
    await alice.pulls.update({ ...OPEN, pull_number, state: 'closed' })
    await alice.pulls.update({ ...OPEN, pull_number, state: 'open' })
    await press(`pull/${pull_number}/draft`, {})
    await press(`pull/${pull_number}/ready`, {})
    const events = (await bench.delivered()).slice(from)
    expect(events.map(({ action }) => action)).toEqual([
      'edited',
      'edited',
      'closed',
      'reopened',
      'converted_to_draft',
      'ready_for_review',
    ])
    expect(events[1]?.payload.changes).toMatchObject({ base: { ref: { from: 'main' } } })
    expect(bench.violations).toEqual([])
  })

  test('check runs and their buttons are told', async () => {
    const pull = await propose(bench.as('alice'), OPEN, 'checked')
    const app = await bench.asApp()
    const from = (await bench.delivered()).length
    const run = await pass(app, OPEN, pull.head.sha)
    const actions = [{ label: 'End', description: 'End this access now', identifier: 'end' }]
    await app.checks.update({ ...OPEN, check_run_id: run.id, actions })
    await press(`runs/${run.id}/actions`, { identifier: 'end' })
    await bench.as('alice').checks.rerequestRun({ ...OPEN, check_run_id: run.id })
    expect(await heard(from)).toEqual([
      'check_run.created',
      'check_run.completed',
      'check_run.requested_action',
      'check_run.rerequested',
    ])
    const clicked = (await bench.delivered()).slice(from)[2]?.payload
    expect(clicked).toMatchObject({ requested_action: { identifier: 'end' }, sender: { login: 'alice' } })
    expect(bench.violations).toEqual([])
  })

  test('all checks of a commit can be asked for again', async () => {
    const pull = await propose(bench.as('alice'), OPEN, 'rechecked')
    const run = await pass(await bench.asApp(), OPEN, pull.head.sha)
    const from = (await bench.delivered()).length
    await bench.as('alice').checks.rerequestSuite({ ...OPEN, check_suite_id: Number(run.check_suite?.id) })
    expect(await heard(from)).toEqual(['check_suite.rerequested'])
    expect(bench.violations).toEqual([])
  })

  test('comments are told when written, changed and taken away', async () => {
    const alice = bench.as('alice')
    const pull = await propose(alice, OPEN, 'commented')
    const from = (await bench.delivered()).length
    const { data } = await alice.issues.createComment({
      ...OPEN,
      issue_number: pull.number,
      body: '/daypass revoke',
    })
    await alice.issues.updateComment({ ...OPEN, comment_id: data.id, body: 'never mind' })
    await alice.issues.deleteComment({ ...OPEN, comment_id: data.id })
    expect(await heard(from)).toEqual([
      'issue_comment.created',
      'issue_comment.edited',
      'issue_comment.deleted',
    ])
    expect(bench.violations).toEqual([])
  })

  test('what happens while the app is down is never told', async () => {
    const from = (await bench.delivered()).length
    bench.takeAppDown(true)
    await propose(bench.as('alice'), OPEN, 'unheard')
    await bench.delivered()
    bench.takeAppDown(false)
    expect(await heard(from)).toEqual([])
    const { data } = await bench.asAppItself().apps.listWebhookDeliveries()
    expect(data[0]).toMatchObject({ event: 'pull_request', action: 'opened', status: 'Failed to deliver' })
    await bench.asAppItself().apps.redeliverWebhookDelivery({ delivery_id: Number(data[0]?.id) })
    expect(await heard(from)).toEqual(['pull_request.opened'])
  })

  test('deleting a branch closes its pull request', async () => {
    const alice = bench.as('alice')
    const pull = await propose(alice, OPEN, 'gone')
    const from = (await bench.delivered()).length
    await alice.git.deleteRef({ ...OPEN, ref: 'heads/gone' })
    expect(await heard(from)).toEqual(['delete', 'push', 'pull_request.closed'])
    const { data } = await alice.pulls.get({ ...OPEN, pull_number: pull.number })
    expect(data).toMatchObject({ state: 'closed', merged: false })
    expect(bench.violations).toEqual([])
  })
})

describe('webhooks can be ordered to', () => {
  const order = (mode: DeliveryMode) => bench.github.deliveries.setMode(mode)
  const comments = async (...bodies: string[]) => {
    const app = await bench.asApp()
    for (const body of bodies) await app.issues.createComment({ ...OPEN, issue_number: 1, body })
  }
  const bodies = (delivered: readonly Delivered[]) =>
    delivered.map(({ payload }) => (payload.comment as { body: string }).body)

  afterEach(() => order('normal'))

  test('get lost, and be sent again from the list of deliveries', async () => {
    const from = (await bench.delivered()).length
    order('none')
    await comments('lost')
    order('normal')
    await comments('heard')
    expect(bodies((await bench.delivered()).slice(from))).toEqual(['heard'])

    const { data } = await bench.asAppItself().apps.listWebhookDeliveries()
    expect(data[1]).toMatchObject({ event: 'issue_comment', status_code: 502 })
    await bench.asAppItself().apps.redeliverWebhookDelivery({ delivery_id: Number(data[1]?.id) })
    expect(bodies((await bench.delivered()).slice(from))).toEqual(['heard', 'lost'])
  })

  test('get lost, and be listed page by page apart from those that arrived', async () => {
    order('none')
    await comments('lost first', 'lost second', 'lost third')
    order('normal')
    await comments('heard')
    await bench.delivered()
    const { apps, request } = bench.asAppItself()
    const failed = { status: 'failure', per_page: 2 } as const
    const first = await apps.listWebhookDeliveries(failed)
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.link ?? '')?.[1] ?? ''
    const second = await request(`GET ${next}`)
    const ids = [...first.data, ...second.data].map(({ id }: { id: number }) => id)
    expect(ids).toHaveLength(4)
    expect(ids).toEqual([...new Set(ids)].sort((one, other) => other - one))
    expect((await apps.listWebhookDeliveries({ status: 'success' })).data[0]?.status).toBe('OK')
  })

  test('arrive twice under the same name', async () => {
    const from = (await bench.delivered()).length
    order('twice')
    await comments('one', 'two')
    const delivered = (await bench.delivered()).slice(from)
    expect(bodies(delivered)).toEqual(['one', 'one', 'two', 'two'])
    expect(new Set(delivered.map(({ guid }) => guid)).size).toBe(2)
  })

  test('arrive in another order than they happened in', async () => {
    const from = (await bench.delivered()).length
    order('shuffled')
    await comments('first', 'second', 'third')
    const arrived = bodies((await bench.delivered()).slice(from))
    expect(arrived).not.toEqual(['first', 'second', 'third'])
    expect([...arrived].sort()).toEqual(['first', 'second', 'third'])
  })
})

async function press(path: string, body: object): Promise<void> {
  const answer = await fetch(`${bench.github.url}/acme/open/${path}`, {
    method: 'POST',
    headers: { authorization: 'token token-of-alice' },
    body: JSON.stringify(body),
  })
  expect(answer.status).toBe(202)
}
