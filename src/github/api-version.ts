/** Which version of GitHub's REST API is spoken: what is read is as that one has it, whatever GitHub's default becomes. */
import type { Octokit } from '@octokit/rest'

/** The next one, 2026-03-10, leaves out `merge_commit_sha`, by which a merge is found. */
const VERSION = '2022-11-28'

/** An Octokit plugin. */
export function pinVersion({ hook }: Pick<Octokit, 'hook'>): void {
  hook.before('request', (options) => {
    options.headers['x-github-api-version'] = VERSION
  })
}
