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

export interface Installed {
  readonly repositories: readonly InstalledRepository[]
  /** Of the installations that could not be read nothing is known; they hold up no other. By id: why not. */
  readonly unreadable: ReadonlyMap<number, unknown>
}

/** `authenticate` as Probot's `auth`: the app itself, or one of its installations. Suspended installations are left out. */
export async function listRepositories(
  authenticate: (installationId?: number) => Promise<Octokit>,
): Promise<Installed> {
  const app = await authenticate()
  const installations = await createReads(app).all(
    'the installations of the app',
    app.rest.apps.listInstallations,
    { per_page: 100 },
    (page) => page,
  )
  const active = installations.filter(({ suspended_at }) => !suspended_at)
  const listed = await Promise.allSettled(
    active.map(async ({ id, app_id, app_slug }) => {
      const octokit = await authenticate(id)
      const found = await createReads(octokit).all(
        `the repositories of installation ${id}`,
        octokit.rest.apps.listReposAccessibleToInstallation,
        { per_page: 100 },
        (page) => page.repositories,
      )
      return found.map((repository) => ({
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
  const unreadable = new Map<number, unknown>()
  for (const [index, { id }] of active.entries()) {
    const outcome = listed[index]
    if (outcome?.status === 'rejected') unreadable.set(id, outcome.reason)
  }
  return {
    repositories: listed.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : [])),
    unreadable,
  }
}
