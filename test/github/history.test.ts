/** The way of the branch, over a GitHub that answers from a graph: whatever is known already, the answer is the graph's. */
import { expect, it } from 'vitest'
import type { Context } from '../../src/github/context.ts'
import { firstParents, following, lineTo } from '../../src/github/history.ts'
import { contextOver } from './stub-context.ts'

type Graph = ReadonlyMap<string, readonly string[]>

function reach(graph: Graph, commit: string): Set<string> {
  const found = new Set([commit])
  for (const one of found) for (const parent of graph.get(one) ?? []) found.add(parent)
  return found
}

/** Told three at a time. */
function compare(graph: Graph, from: string, to: string, page: number, url: URL): Response {
  const [old, now] = [reach(graph, from), reach(graph, to)]
  if (![...now].some((commit) => old.has(commit)))
    return Response.json({ message: 'Not Found' }, { status: 404 })
  const commits = [...now]
    .filter((commit) => !old.has(commit))
    .map((sha) => ({ sha, parents: (graph.get(sha) ?? []).map((parent) => ({ sha: parent })) }))
  url.searchParams.set('page', String(page + 1))
  const link = commits.length > page * 3 ? { link: `<${url}>; rel="next"` } : undefined
  return Response.json({ commits: commits.slice(page * 3 - 3, page * 3) }, link && { headers: link })
}

function newContext(graph: Graph): { context: Context; asked: string[] } {
  const asked: string[] = []
  const context = contextOver((url) => {
    const basehead = decodeURIComponent(url.pathname.split('/').at(-1) ?? '')
    const [from = '', to = ''] = basehead.split('...')
    const page = Number(url.searchParams.get('page') ?? 1)
    if (page === 1) asked.push(basehead)
    return compare(graph, from, to, page, url)
  })
  return { context, asked }
}

function lineIn(graph: Graph, from: string, to: string): string[] | undefined {
  const way: string[] = []
  for (let at: string | undefined = to; at !== undefined; at = graph.get(at)?.[0]) {
    way.unshift(at)
    if (at === from) return way
  }
  return undefined
}

function followingIn(graph: Graph, from: string, to: string): Set<string> {
  return new Set([...reach(graph, to)].filter((commit) => reach(graph, commit).has(from)))
}

/** The same numbers every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Some begin a history of their own, some merge. */
function randomGraph(pick: (below: number) => number): Graph {
  const graph = new Map<string, readonly string[]>([['c0', []]])
  for (let made = 1; made < 30; made++) {
    const earlier = () => `c${Math.max(0, made - 1 - pick(4))}`
    const parents = pick(15) === 0 ? [] : pick(4) === 0 ? [earlier(), earlier()] : [earlier()]
    graph.set(`c${made}`, [...new Set(parents)])
  }
  return graph
}

const chain: Graph = new Map([...Array(9).keys()].map((at) => [`c${at}`, at === 0 ? [] : [`c${at - 1}`]]))

it.each([...Array(40).keys()])(
  'is the same whatever is known, forgotten or told by a pull request: %i',
  async (seed) => {
    const pick = numbers(seed)
    const graph = randomGraph(pick)
    const { context: whole } = newContext(graph)
    // As where the least of what was learned is still kept.
    const known = (sha: string) => (pick(6) === 0 ? undefined : whole.git.known(sha))
    const context = { ...whole, git: { ...whole.git, known } }
    const any = () => `c${pick(graph.size)}`
    for (let asks = 0; asks < 60; asks++) {
      const sha = any()
      if (pick(2) === 0)
        context.git.learn({ sha, parents: (graph.get(sha) ?? []).map((of) => ({ sha: of })) })
      const to = any()
      const froms = [any(), any(), any()]
      const ways = await Promise.all(froms.map((from) => lineTo(context, from, to)))
      expect(ways).toEqual(froms.map((from) => lineIn(graph, from, to)))
      const [from = to] = froms
      expect(await firstParents(context, from, to)).toEqual(lineIn(graph, from, to))
      expect(await following(context, from, to)).toEqual(followingIn(graph, from, to))
    }
  },
)

it('asks once for what the branch gained, however many ask', async () => {
  const { context, asked } = newContext(chain)
  await lineTo(context, 'c0', 'c4')
  asked.length = 0
  const ways = await Promise.all(['c0', 'c1', 'c2', 'c3'].map((from) => lineTo(context, from, 'c8')))
  expect(ways).toEqual(['c0', 'c1', 'c2', 'c3'].map((from) => lineIn(chain, from, 'c8')))
  expect(asked).toEqual(['c4...c8'])
})

it('asks for the whole way where what was known of it was forgotten', async () => {
  const { context, asked } = newContext(chain)
  await lineTo(context, 'c0', 'c4')
  asked.length = 0
  const known = (sha: string) => (sha === 'c2' ? undefined : context.git.known(sha))
  const forgetful = { ...context, git: { ...context.git, known } }
  expect(await lineTo(forgetful, 'c0', 'c8')).toEqual(lineIn(chain, 'c0', 'c8'))
  expect(asked).toEqual(['c0...c8'])
})
