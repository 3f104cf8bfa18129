/** The log of how the branch moved, over a GitHub that tells it a hundred at a time. */
import { expect, it } from 'vitest'
import { listMoves, movesSince } from '../../src/github/moves.ts'
import { contextOver } from './stub-context.ts'

const MOVES = 450
const shaOf = (at: number) => at.toString(16).padStart(40, 'c')
const log = [...Array(MOVES).keys()].reverse().map((at) => ({
  id: at,
  before: shaOf(at),
  after: shaOf(at + 1),
  activity_type: 'push',
  timestamp: new Date(at * 1000).toISOString(),
}))

function newContext() {
  const asked: number[] = []
  const context = contextOver((url) => {
    const page = Number(url.searchParams.get('page') ?? 1)
    asked.push(page)
    url.searchParams.set('page', String(page + 1))
    const link = page * 100 < MOVES ? { headers: { link: `<${url}>; rel="next"` } } : undefined
    return Response.json(log.slice(page * 100 - 100, page * 100), link)
  })
  return { context, asked }
}

it('is told as far back as each one asks, though others began to read it for less', async () => {
  const { context } = newContext()
  const times = [440, 430, 120, 0, 251, 250, 349, 350, -1].map((at) => at * 1000)
  const told = await Promise.all(times.map((since) => movesSince(context, since, 'head')))
  for (const [index, since] of times.entries()) {
    const wanted = (await listMoves(context, since)).filter(({ at }) => at >= since)
    expect(wanted).toHaveLength(MOVES - Math.max(0, since / 1000))
    expect(told[index]?.filter(({ at }) => at >= since)).toEqual(wanted)
  }
})

it('is read once for all that ask of one head, and anew for another head and another time', async () => {
  const { context, asked } = newContext()
  const ask = (head: string) => Promise.all([440, 430, 420].map((at) => movesSince(context, at * 1000, head)))
  await ask('head')
  expect(asked).toEqual([1])
  await Promise.all([ask('head'), ask('other')])
  expect(asked).toEqual([1, 1, 1])
})
