/** The Probot app: events wake the loop, and are never its input. Wiring only. */
import type { ApplicationFunction } from 'probot'
import { END_ACTION } from './core/early-end.ts'
import type { Click } from './world.ts'

/** What stands in a repository, and what it is called. */
const REPOSITORY_EVENTS = ['create', 'delete', 'issue_comment', 'merge_group', 'push', 'repository'] as const
const PULL_EVENTS = ['pull_request', 'pull_request_review'] as const
/** Who is in the organization, a team or a repository changed. */
const PEOPLE_EVENTS = ['member', 'membership', 'organization', 'team'] as const

/** Every event after which a repository may look different; `app.yml` subscribes to these. */
export const WAKING_EVENTS = [...REPOSITORY_EVENTS, ...PULL_EVENTS, ...PEOPLE_EVENTS] as const

export interface Wake {
  /** Looks at one repository soon. */
  repository(repositoryId: number): void
  /** The same, and its default branch moved: perhaps away and back between two looks, so that its head does not show it. */
  moved(repositoryId: number): void
  /** And at one pull request in it, though no list may show that it changed. */
  pull(repositoryId: number, pull: number): void
  /** And at what the app says on one pull request: somebody may have altered it. */
  altered(repositoryId: number, pull: number): void
  /** Looks at all of them: installations changed. */
  all(): void
  /** Somebody may have lost or gained access to the repositories, which no list shows. */
  people(): void
  /** Somebody asked for the checks of this commit again: a hint to write them anew, never believed otherwise. */
  recheck(repositoryId: number, headSha: string): void
  /** Somebody pressed the button that ends access. It exists as an event only, so it is believed; it can only end. */
  endAccess(repositoryId: number, click: Click): void
}

export function daypass(wake: Wake): ApplicationFunction {
  return (app) => {
    app.on(['check_run.rerequested', 'check_suite.rerequested'], ({ payload }) => {
      const { head_sha } = 'check_run' in payload ? payload.check_run : payload.check_suite
      wake.recheck(payload.repository.id, head_sha)
    })
    app.on(
      'check_run.requested_action',
      ({ payload: { check_run, repository, requested_action, sender } }) => {
        if (requested_action?.identifier !== END_ACTION) return
        const [, of] = (check_run.external_id ?? '').split(':')
        if (of === undefined) return
        const { id, login, type } = sender
        wake.endAccess(repository.id, { of, by: { id, login, kind: type === 'User' ? 'person' : 'bot' } })
      },
    )
    app.on(['issue_comment.edited', 'issue_comment.deleted'], ({ payload }) => {
      const { comment, issue, repository, sender } = payload
      if (comment.user?.type === 'Bot' && sender.type !== 'Bot') wake.altered(repository.id, issue.number)
    })
    app.on([...PEOPLE_EVENTS], () => wake.people())
    app.on([...PULL_EVENTS], ({ name, payload }) => {
      if (isRemark(name, payload)) return
      wake.pull(payload.repository.id, payload.pull_request.number)
    })
    // GitHub delivers the installation events to every app, subscribed or not.
    app.on([...REPOSITORY_EVENTS, 'installation', 'installation_repositories'], ({ name, payload }) => {
      if (isRemark(name, payload) || isElsewhere(payload)) return
      // Renamed, moved, or with another default branch: where it is has to be asked again.
      if (!('repository' in payload) || !payload.repository || name === 'repository') return wake.all()
      if (name === 'push') wake.moved(payload.repository.id)
      else wake.repository(payload.repository.id)
    })
  }
}

/** On a branch that is neither the default branch nor a merge queue's: what its pull request makes of it is told as well. */
function isElsewhere(payload: {
  readonly ref?: string | null
  readonly ref_type?: string
  readonly repository?: { readonly default_branch?: string }
}): boolean {
  const { ref, ref_type: kind, repository } = payload
  const home = repository?.default_branch
  if (typeof ref !== 'string' || home === undefined) return false
  const branch = kind === undefined ? ref.replace(/^refs\/heads\//, '') : ref
  return branch !== home && !branch.startsWith('gh-readonly-queue/')
}

/**
 * Comments, labels and the like of bots, this app's own above all: no command is taken from a bot, and nothing that is
 * judged changes with them.
 */
function isRemark(
  event: string,
  payload: { readonly action?: string; readonly sender?: { type?: string } },
): boolean {
  if (payload.sender?.type !== 'Bot') return false
  return event === 'issue_comment' || (event === 'pull_request' && REMARKS.has(payload.action))
}

const REMARKS: ReadonlySet<string | undefined> = new Set([
  'assigned',
  'labeled',
  'review_requested',
  'unassigned',
  'unlabeled',
])
