/** Which answers are kept with their ETag: those of addresses that may answer otherwise. */
import { ProbotOctokit } from 'probot'
import { expect, it } from 'vitest'
import { createReads } from '../../src/github/reads.ts'

const MIB = 1024 * 1024

it('still knows a list after twenty comparisons that hold more than is kept', async () => {
  const statuses: number[] = []
  const fetch = async (url: string, { headers }: { headers: Record<string, string> }) => {
    const etag = { headers: { etag: '"same"' } }
    const isKnown = headers['if-none-match'] === '"same"'
    statuses.push(isKnown ? 304 : 200)
    if (isKnown) return new Response(null, { status: 304 })
    if (!url.includes('/compare/')) return Response.json([{ number: 1 }], etag)
    return Response.json({ commits: [{ sha: 'a', message: 'x'.repeat(2 * MIB) }] }, etag)
  }
  const off = { enabled: false }
  const octokit = new ProbotOctokit({ request: { fetch }, throttle: off, retry: off })
  const at = { owner: 'acme', repo: 'access' }
  const reads = createReads(octokit)
  const list = () => reads.all('the list', octokit.rest.pulls.list, { ...at, per_page: 100 }, (page) => page)
  const compare = octokit.rest.repos.compareCommitsWithBasehead
  await list()
  for (let made = 0; made < 20; made++)
    await reads.allOnce('a comparison', compare, { ...at, basehead: `a...b${made}` }, (page) => page.commits)

  expect(await list()).toEqual([{ number: 1 }])
  expect(statuses.at(-1)).toBe(304)
  expect(statuses.slice(0, -1)).toEqual(Array(21).fill(200))
})
