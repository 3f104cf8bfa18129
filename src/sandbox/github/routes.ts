/** Every operation the sandbox knows; what is not here does not exist. */

import type { Route } from './router.ts'
import { activityRoutes } from './routes-activity.ts'
import { appRoutes } from './routes-app.ts'
import { checkRoutes } from './routes-checks.ts'
import { commentRoutes } from './routes-comments.ts'
import { commitRoutes, oneCommitRoute } from './routes-commits.ts'
import { contentsRoutes } from './routes-contents.ts'
import { gitDatabaseRoutes } from './routes-git.ts'
import { graphQlRoutes } from './routes-graphql.ts'
import { issueRoutes } from './routes-issues.ts'
import { organizationRoutes } from './routes-organization.ts'
import { pullRoutes } from './routes-pulls.ts'
import { refRoutes } from './routes-refs.ts'
import { repositoryRoutes } from './routes-repository.ts'
import { reviewRoutes } from './routes-reviews.ts'
import { settingsRoutes } from './routes-settings.ts'
import type { Webhooks } from './webhooks.ts'

/** The first match wins: comments stand before issues, and single commits last. */
export function apiRoutes(webhooks: Webhooks): Route[] {
  return [
    ...appRoutes(webhooks),
    ...organizationRoutes,
    ...repositoryRoutes,
    ...settingsRoutes,
    ...graphQlRoutes,
    ...activityRoutes,
    ...contentsRoutes,
    ...gitDatabaseRoutes,
    ...refRoutes,
    ...pullRoutes,
    ...reviewRoutes,
    ...commentRoutes,
    ...issueRoutes,
    ...checkRoutes,
    ...commitRoutes,
    oneCommitRoute,
  ]
}
