/** The Probot app: events wake the loop, and are never its input. Wiring only. */
import type { ApplicationFunction } from 'probot'

/** Every event after which a repository may look different; `app.yml` subscribes to these. */
export const WAKING_EVENTS = [
  'create',
  'delete',
  'member',
  'membership',
  'merge_group',
  'pull_request',
  'pull_request_review',
  'push',
  'repository',
  'team',
] as const

export interface Wake {
  /** Looks at one repository soon. */
  repository(repositoryId: number): void
  /** Looks at all of them: installations or teams changed. */
  all(): void
  /** Somebody asked for the checks of this commit again: a hint to write them anew, never believed otherwise. */
  recheck(repositoryId: number, headSha: string): void
}

export function daypass(wake: Wake): ApplicationFunction {
  return (app) => {
    app.on(['check_run.rerequested', 'check_suite.rerequested'], ({ payload }) => {
      const { head_sha } = 'check_run' in payload ? payload.check_run : payload.check_suite
      wake.recheck(payload.repository.id, head_sha)
    })
    // GitHub delivers the installation events to every app, subscribed or not.
    app.on([...WAKING_EVENTS, 'installation', 'installation_repositories'], ({ payload }) => {
      if ('repository' in payload && payload.repository) wake.repository(payload.repository.id)
      else wake.all()
    })
  }
}
