/** The evidence of requests as whoever asks sees it, by a token of their own: for people at a terminal, and to read only. */
import { ProbotOctokit } from 'probot'
import type { Evidence, FileAt } from '../core/evidence.ts'
import { ofOneApp } from '../core/one-app.ts'
import type { GrantRecord } from '../ports.ts'
import { pinVersion } from './api-version.ts'
import { createContext } from './context.ts'
import { readProvenance } from './evidence.ts'
import { GRANT_CHECK } from './names.ts'

export interface OwnViewOptions {
  readonly apiUrl: string
  readonly token: string
  readonly owner: string
  readonly repo: string
  /** Left out: the app that wrote the records on `commits`. */
  readonly appId?: number
  /** Commits of the branch that added requests. */
  readonly commits: readonly string[]
}

export interface OwnEvidence {
  readonly evidence: Evidence
  readonly record?: Pick<GrantRecord, 'state' | 'text' | 'summary'>
}

export interface OwnView {
  readonly repositoryId: number
  /** What GitHub says today of how the commit came to hold the file; the trust root is not asked. Undefined where GitHub does not have the commit. Throws `Unreadable`. */
  evidenceOf(commit: string, path: string, file: FileAt): Promise<OwnEvidence | undefined>
}

/** Milliseconds; then a call counts as failed. */
const TIMEOUT = 30_000
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
/** So many commits are asked for the app's record before it counts as nobody's. */
const MOST_ASKED = 20

const OwnOctokit = ProbotOctokit.plugin(pinVersion)

/** Throws what Octokit throws where the repository can't be seen. */
export async function openOwnView(options: OwnViewOptions): Promise<OwnView> {
  const octokit = new OwnOctokit({
    auth: { token: options.token },
    baseUrl: options.apiUrl,
    log: SILENT,
    throttle: { enabled: false },
    // Somebody waits at a terminal.
    request: {
      retries: 1,
      fetch: (url: Parameters<typeof fetch>[0], init: RequestInit = {}) =>
        fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT) }),
    },
  })
  const at = { owner: options.owner, repo: options.repo }
  const { data: repository } = await octokit.rest.repos.get(at)
  const appId = options.appId ?? (await findApp(octokit, at, options.commits))
  const target = {
    ...at,
    id: repository.id,
    defaultBranch: repository.default_branch,
    // Nothing is taken from it here: whether owners were looked at is for the operator's file to say.
    trustedCommit: '0'.repeat(40),
    appId,
    appSlug: '',
  }
  const context = createContext(octokit, target)
  return {
    repositoryId: repository.id,
    async evidenceOf(commit, path, file) {
      if (!(await context.git.knows(commit))) return undefined
      return readProvenance(
        context,
        async () => ({ holds: true }),
        { path, ...file },
        { commit, requests: [] },
        { requester: '', approvalsNeeded: 1, mergeBy: 'owners' },
      )
    },
  }
}

async function findApp(
  octokit: ProbotOctokit,
  at: { readonly owner: string; readonly repo: string },
  commits: readonly string[],
): Promise<number> {
  for (const ref of commits.slice(0, MOST_ASKED)) {
    const { data } = await octokit.rest.checks.listForRef({
      ...at,
      ref,
      check_name: GRANT_CHECK,
      filter: 'all',
    })
    const written = data.check_runs.filter(({ external_id }) =>
      /^[a-z]+:[0-9a-f]{20}$/.test(external_id ?? ''),
    )
    const own = ofOneApp(written)
    if (typeof own === 'string') throw new Error(`several apps write records here (${own})`)
    const id = own[0]?.app?.id
    if (id !== undefined) return id
  }
  return 0
}
