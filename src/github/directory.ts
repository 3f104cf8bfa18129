/** Where each repository of the operator's file is found on GitHub: its installation, its name today, its client. */

import type { Octokit } from './context.ts'
import type { InstalledRepository } from './installations.ts'
import { listRepositories } from './installations.ts'
import { openRepository, type Repository } from './repository.ts'

/** Authenticates as the app, or as one of its installations. */
export type Authenticate = (installationId?: number) => Promise<Octokit>

export interface FoundRepository extends Repository {
  /** `https://github.com/acme/access` */
  readonly url: string
  readonly defaultBranch: string
}

export interface Directory {
  /** Undefined where the app is not installed on it. Throws `Unreadable`. */
  find(repository: {
    readonly id: number
    readonly trustedCommit: string
  }): Promise<FoundRepository | undefined>
  /** Reads the installations anew before the next answer. */
  forget(): void
}

/** Clients are kept as long as nothing about their repository changes, for the sake of what they remember. */
export function createDirectory(authenticate: Authenticate, htmlUrl: string): Directory {
  let installed: Promise<ReadonlyMap<number, InstalledRepository>> | undefined
  const opened = new Map<number, { readonly key: string; readonly repository: FoundRepository }>()

  async function list(): Promise<ReadonlyMap<number, InstalledRepository>> {
    const repositories = await listRepositories(authenticate)
    return new Map(repositories.map((repository) => [repository.id, repository]))
  }

  return {
    async find({ id, trustedCommit }) {
      installed ??= list()
      const found = await installed.catch((error: unknown) => {
        installed = undefined
        throw error
      })
      const at = found.get(id)
      if (at === undefined) return undefined
      const key = JSON.stringify(at)
      const known = opened.get(id)
      if (known?.key === key) return known.repository
      const repository = {
        url: `${htmlUrl}/${at.owner}/${at.repo}`,
        defaultBranch: at.defaultBranch,
        ...openRepository(await authenticate(at.installationId), { ...at, trustedCommit }),
      }
      opened.set(id, { key, repository })
      return repository
    },
    forget() {
      installed = undefined
    },
  }
}
