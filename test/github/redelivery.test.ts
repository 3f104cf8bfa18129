/** Which of the webhooks that did not arrive are asked for again, of a list as GitHub gives it. */
import { ProbotOctokit } from 'probot'
import { beforeEach, expect, it } from 'vitest'
import { createRedelivery } from '../../src/github/redelivery.ts'

const NOON = Date.parse('2026-11-24T12:00:00Z')
const MINUTE = 60_000
const BEYOND = '380400462317223936'

let listed: object[]
let asked: string[]
let isDown: boolean
let pageSize: number
/** To the next times that a delivery is asked for. */
let answers: number[]
let now: number
let redeliver: () => Promise<number>

beforeEach(() => {
  listed = []
  asked = []
  isDown = false
  pageSize = 2
  answers = []
  now = NOON
  const off = { enabled: false }
  const fetch = async (address: string, { method }: { readonly method: string }) => {
    if (isDown) return Response.json({ message: 'Service unavailable' }, { status: 503 })
    if (method === 'POST') {
      asked.push(new URL(address).pathname)
      return Response.json({}, { status: answers.shift() ?? 202 })
    }
    return pageOf(new URL(address))
  }
  const octokit = new ProbotOctokit({ request: { fetch }, throttle: off, retry: off })
  redeliver = createRedelivery(async () => octokit)
})

function pageOf(url: URL): Response {
  const from = Number(url.searchParams.get('cursor') ?? 0)
  url.searchParams.set('cursor', String(from + pageSize))
  const link = from + pageSize < listed.length ? `<${url.href}>; rel="next"` : ''
  // As GitHub writes them: with ids beyond what a JavaScript number holds.
  const text = JSON.stringify(listed.slice(from, from + pageSize)).replaceAll(
    /"id":(\d+)/g,
    `"id":${BEYOND}$1`,
  )
  return new Response(text, {
    headers: { link, etag: `"${text.length}"`, 'content-type': 'application/json' },
  })
}

/** In the list from now on, newest first. */
function fails(id: number, what: object = {}): void {
  const at = new Date(now).toISOString()
  const press = {
    event: 'check_run',
    action: 'requested_action',
    status: 'Failed to deliver',
    status_code: 502,
  }
  listed.unshift({ id, guid: `guid-${id}`, delivered_at: at, ...press, ...what })
}

const attempts = (...ids: number[]) => ids.map((id) => `/app/hook/deliveries/${BEYOND}${id}/attempts`)

it('asks for each press once, however many pages they stand on and however often it failed', async () => {
  fails(1)
  fails(2, { event: 'push', action: null })
  fails(3, { action: 'completed' })
  fails(4, { guid: 'guid-1' })
  fails(5)
  expect(await redeliver()).toBe(2)
  expect(asked.sort()).toEqual(attempts(4, 5))
})

const ARRIVED = { status: 'OK', status_code: 202 }

it('asks for nothing again of which a later attempt arrived', async () => {
  fails(1, { event: 'push', action: null })
  await redeliver()
  fails(2)
  now += MINUTE
  fails(3, { ...ARRIVED, guid: 'guid-2', redelivery: true })
  fails(4, ARRIVED)
  expect(await redeliver()).toBe(0)
  expect(asked).toEqual([])
})

it('asks at a start also for what arrived, as the process that took it may have died with it', async () => {
  fails(1, ARRIVED)
  now += 30 * MINUTE
  fails(2)
  now += 40 * MINUTE
  fails(3, { ...ARRIVED, guid: 'guid-2', redelivery: true })
  expect(await redeliver()).toBe(2)
  expect(asked).toEqual(attempts(1, 3))
})

it('looks through no more than ten thousand deliveries', async () => {
  pageSize = 100
  fails(1)
  for (let id = 0; id < 10_001; id++) fails(2, { event: 'push', action: null })
  expect(await redeliver()).toBe(0)
})

it('goes on to the others where GitHub delivers one not again', async () => {
  fails(1)
  fails(2)
  fails(3)
  answers = [404, 502]
  await expect(redeliver()).rejects.toMatchObject({ status: 502 })
  expect(asked).toEqual(attempts(1, 2, 3))
  expect(await redeliver()).toBe(1)
  expect(asked).toEqual(attempts(1, 2, 3, 2))
})

it('asks again only for what failed since it asked last', async () => {
  for (const id of [1, 2]) {
    fails(id)
    now += 5 * MINUTE
    await redeliver()
  }
  now += 5 * MINUTE
  await redeliver()
  expect(asked).toEqual(attempts(1, 2))
})

it('takes up what it could not ask for', async () => {
  await redeliver()
  now += 5 * MINUTE
  fails(1)
  isDown = true
  await expect(redeliver()).rejects.toThrow('the webhooks that were delivered')
  isDown = false
  now += 5 * MINUTE
  expect(await redeliver()).toBe(1)
})
