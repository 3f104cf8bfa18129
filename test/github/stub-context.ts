/** What the readers work with, over a GitHub that a test makes up. */
import { ProbotOctokit } from 'probot'
import { type Context, createContext } from '../../src/github/context.ts'

export function contextOver(answer: (url: URL) => Response): Context {
  const off = { enabled: false }
  const fetch = async (address: string) => answer(new URL(address))
  const octokit = new ProbotOctokit({ request: { fetch }, throttle: off, retry: off })
  const at = { owner: 'acme', repo: 'access', id: 1, defaultBranch: 'main' }
  return createContext(octokit, { ...at, trustedCommit: 'c0', appId: 1, appSlug: 'daypass' })
}
