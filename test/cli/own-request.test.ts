import { expect, test } from 'vitest'
import type { GitHubAs } from '../../src/cli/github.ts'
import { findRequest } from '../../src/cli/own-request.ts'

const PATH = 'access-requests/prod/customer-exports/alice.yaml'

/** One open pull request that adds a request, and what the app's check says of it. */
function gitHubSaying(title: string): GitHubAs {
  const pull = {
    number: 1,
    html_url: 'https://github.com/acme/access/pull/1',
    updated_at: '2026-11-24T09:00:00Z',
    merged_at: null,
    state: 'open',
    head: { sha: 'a'.repeat(40) },
    base: { ref: 'main' },
    user: { login: 'alice', type: 'User' },
  }
  const app = { id: 1, slug: 'daypass' }
  const run = { name: 'Daypass / request', conclusion: 'failure', app, output: { title } }
  const octokit = {
    pulls: {
      get: async () => ({ data: pull }),
      listFiles: async () => ({ data: [{ filename: PATH, status: 'added' }] }),
    },
    checks: {},
    paginate: Object.assign(async () => [run], {
      async *iterator() {
        yield { data: [pull] }
      },
    }),
  }
  const repository = { id: 1001, defaultBranch: 'main' }
  const answers = { login: async () => 'alice', now: async () => 0 }
  return { octokit, at: {}, repository, ...answers } as unknown as GitHubAs
}

test.each(['Refused: nobody approved it.', 'Refused: nobody approved it'])(
  'a request that does not fit is told of in one sentence: %s',
  async (title) => {
    await expect(findRequest(gitHubSaying(title), '1', () => false, 'open')).rejects.toMatchObject({
      message: `#1 ${PATH} is not open: Refused: nobody approved it.`,
    })
  },
)
