/** What people do by buttons on GitHub's pages and no REST operation does: the paths are the sandbox's own. */
import { writes } from './access.ts'
import { pullEvent } from './events.ts'
import { Refused } from './failure.ts'
import { record } from './pulls.ts'
import { type Answer, named, type RepositoryCall, type Route, repositoryRoute } from './router.ts'
import { actionButtonRoutes } from './routes-checks.ts'
import { findPull } from './routes-pulls.ts'

/** Served at `/{owner}/{repo}/…`, beside the pages, not below the API. */
export const pageRoutes: Route[] = [
  ...actionButtonRoutes,
  repositoryRoute('POST', '/pull/:number/ready', writes('pull_requests'), (call) => setDraft(call, false)),
  repositoryRoute('POST', '/pull/:number/draft', writes('pull_requests'), (call) => setDraft(call, true)),
]

async function setDraft(call: RepositoryCall, draft: boolean): Promise<Answer> {
  const { world, repository } = call
  const issue = findPull(call)
  const { user } = named(call.actor)
  if (issue.state === 'closed' || issue.pull.draft === draft) throw new Refused(422, 'Nothing to change')
  issue.pull.draft = draft
  const action = draft ? 'converted_to_draft' : 'ready_for_review'
  record(world, issue, { event: draft ? 'convert_to_draft' : 'ready_for_review', actor: user })
  await pullEvent(world, repository, issue, user, action)
  return { status: 202, body: {} }
}
