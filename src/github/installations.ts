/** Every repository that the app is installed on. */
import type { Octokit } from './context.ts'
import { createReads } from './reads.ts'

export interface InstalledRepository {
  readonly installationId: number
  readonly id: number
  readonly owner: string
  readonly repo: string
  readonly defaultBranch: string
  readonly private: boolean
  readonly appId: number
  readonly appSlug: string
}

/** `authenticate` as Probot's `auth`: the app itself, or one of its installations. Suspended installations are left out. */
export async function listRepositories(
  authenticate: (installationId?: number) => Promise<Octokit>,
): Promise<InstalledRepository[]> {
  const app = await authenticate()
  const installations = await createReads(app).all(
    'the installations of the app',
    app.rest.apps.listInstallations,
    { per_page: 100 },
    (page) => page,
  )
  const active = installations.filter(({ suspended_at }) => !suspended_at)
  const repositories = await Promise.all(
    active.map(async ({ id, app_id, app_slug }) => {
      const octokit = await authenticate(id)
      const listed = await createReads(octokit).all(
        `the repositories of installation ${id}`,
        octokit.rest.apps.listReposAccessibleToInstallation,
        { per_page: 100 },
        (page) => page.repositories,
      )
      return listed.map((repository) => ({
        installationId: id,
        id: repository.id,
        owner: repository.owner.login,
        repo: repository.name,
        defaultBranch: repository.default_branch,
        private: repository.private,
        appId: app_id,
        appSlug: app_slug,
      }))
    }),
  )
  return repositories.flat()
}
