import { Octokit } from '@octokit/rest'
import { expect, test } from 'vitest'
import { pinVersion } from '../../src/github/api-version.ts'

test('every call names the version of the API that is meant', async () => {
  const sent: (string | null)[] = []
  const octokit = new (Octokit.plugin(pinVersion))({
    request: {
      async fetch(_: string, { headers }: RequestInit) {
        sent.push(new Headers(headers).get('x-github-api-version'))
        return Response.json([])
      },
    },
  })
  await octokit.repos.listCommits({ owner: 'acme', repo: 'access' })
  await octokit.paginate(octokit.pulls.list, { owner: 'acme', repo: 'access' })

  expect(sent).toEqual(['2022-11-28', '2022-11-28'])
})
