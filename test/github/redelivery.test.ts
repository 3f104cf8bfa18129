/** Which of the webhooks that did not arrive are asked for again, of a list as GitHub gives it. */
import { ProbotOctokit } from 'probot'
import { beforeEach, expect, it } from 'vitest'
import { createRedelivery } from '../../src/github/redelivery.ts'

const NOON = Date.parse('2026-11-24T12:00:00Z')
const MINUTE = 60_000

let listed: object[]
let asked: string[]
let isDown: boolean
let now: number
let redeliver: () => Promise<number>

beforeEach(() => {
  listed = []
  asked = []
  isDown = false
  now = NOON
  const off = { enabled: false }
  const fetch = async (address: string, { method }: { readonly method: string }) => {
    if (isDown) return Response.json({ message: 'Service unavailable' }, { status: 503 })
    if (method === 'POST') {
      asked.push(new URL(address).pathname)
      return Response.json({}, { status: 202 })
    }
    return pageOf(new URL(address))
  }
  const octokit = new ProbotOctokit({ request: { fetch }, throttle: off, retry: off })
  redeliver = createRedelivery(
    async () => octokit,
    () => now,
  )
})

/** Two to a page. */
function pageOf(url: URL): Response {
  const from = Number(url.searchParams.get('cursor') ?? 0)
  url.searchParams.set('cursor', String(from + 2))
  const link = from + 2 < listed.length ? `<${url.href}>; rel="next"` : ''
  return Response.json(listed.slice(from, from + 2), { headers: { link } })
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

const attempts = (...ids: number[]) => ids.map((id) => `/app/hook/deliveries/${id}/attempts`)

it('asks for each press once, however many pages they stand on and however often it failed', async () => {
  fails(1)
  fails(2, { event: 'push', action: null })
  fails(3, { action: 'completed' })
  fails(4, { guid: 'guid-1' })
  fails(5)
  expect(await redeliver()).toBe(2)
  expect(asked.sort()).toEqual(attempts(4, 5))
})

it('asks for nothing that arrived, also where a server lists that too', async () => {
  fails(1, { status: 'OK', status_code: 202 })
  expect(await redeliver()).toBe(0)
  expect(asked).toEqual([])
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
  await expect(redeliver()).rejects.toThrow('the webhooks that could not be delivered')
  isDown = false
  now += 5 * MINUTE
  expect(await redeliver()).toBe(1)
})
