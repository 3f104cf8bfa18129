/** Where each repository of the operator's file is found on GitHub: its installation, its name today, its client. */

import type { Octokit } from './context.ts'
import { type InstalledRepository, listRepositories } from './installations.ts'
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
  /** The same, but not more often than every few minutes, and what was known goes on where GitHub can't be read. */
  doubt(): void
}

/** What nothing was heard of is read anew this often, what is doubted this often, and what could not all be read. In milliseconds. */
const RELIST_AFTER = 60 * 60 * 1000
const RELIST_DOUBTED_AFTER = 4 * 60 * 1000
const RELIST_UNREADABLE_AFTER = 15 * 1000

interface Listed {
  readonly byId: ReadonlyMap<number, InstalledRepository>
  readonly unreadable: ReadonlyMap<number, unknown>
}

/** Clients are kept as long as nothing about their repository changes, for the sake of what they remember. */
export function createDirectory(
  authenticate: Authenticate,
  htmlUrl: string,
  now: () => number = Date.now,
): Directory {
  let installed: Promise<Listed> | undefined
  let listedAt = 0
  let isDoubted = false
  let isPartial = false
  const opened = new Map<number, { readonly key: string; readonly repository: FoundRepository }>()

  /** Of an installation that can't be read, what was known goes on. */
  async function list(before: Promise<Listed> | undefined): Promise<Listed> {
    const { repositories, unreadable } = await listRepositories(authenticate)
    isPartial = unreadable.size > 0
    const known = !isPartial ? [] : [...((await before)?.byId.values() ?? [])]
    const kept = known.filter(({ installationId }) => unreadable.has(installationId))
    return { byId: new Map([...kept, ...repositories].map((one) => [one.id, one])), unreadable }
  }

  function known(): Promise<Listed> {
    const before = installed
    const age = Math.abs(now() - listedAt)
    const enough = isPartial ? RELIST_UNREADABLE_AFTER : isDoubted ? RELIST_DOUBTED_AFTER : RELIST_AFTER
    if (before && age < enough) return before
    listedAt = now()
    isDoubted = false
    installed = list(before).catch((error: unknown) => {
      installed = before
      if (before) return before
      throw error
    })
    return installed
  }

  return {
    async find({ id, trustedCommit }) {
      const { byId, unreadable } = await known()
      const at = byId.get(id)
      if (at === undefined) {
        isDoubted = true
        // It may be in one of those.
        for (const reason of unreadable.values()) throw reason
        return undefined
      }
      const key = JSON.stringify(at)
      const before = opened.get(id)
      if (before?.key === key) return before.repository
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
    doubt() {
      isDoubted = true
    },
  }
}
