/** Whose review of a pull request is asked for: GitHub's own record of it, and how the app adds to it. */
import type { Reviewers } from '../core/review-requests.ts'
import type { Context } from './context.ts'
import { statusOf, write } from './failures.ts'
import { pullEvents } from './pulls.ts'

/** From the events, which also know whom somebody took off the list again: who was asked once is not asked twice. */
export async function askedReviewers(context: Context, pull: number): Promise<Reviewers> {
  const people = new Set<string>()
  const teams = new Set<string>()
  for (const event of await pullEvents(context, pull)) {
    if (event.event !== 'review_requested') continue
    if ('requested_reviewer' in event && event.requested_reviewer?.login)
      people.add(event.requested_reviewer.login.toLowerCase())
    if ('requested_team' in event && event.requested_team?.slug)
      teams.add(event.requested_team.slug.toLowerCase())
  }
  return { people: [...people], teams: [...teams] }
}

/** What GitHub refuses to ask: an author, somebody without access, more than it takes, an app that may not. */
const REFUSALS: ReadonlySet<number | undefined> = new Set([403, 404, 422])

export async function askReviewers(
  { octokit, at }: Context,
  pull: number,
  { people, teams }: Reviewers,
): Promise<'asked' | { readonly refused: string }> {
  return write(`asking for reviews of pull request #${pull} of ${at.owner}/${at.repo}`, async () => {
    try {
      await octokit.rest.pulls.requestReviewers({
        ...at,
        pull_number: pull,
        reviewers: [...people],
        team_reviewers: [...teams],
      })
      return 'asked'
    } catch (error) {
      if (!REFUSALS.has(statusOf(error))) throw error
      return { refused: error instanceof Error ? error.message : String(error) }
    }
  })
}
