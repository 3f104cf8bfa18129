/** Commits: lists, one commit, comparison, the pull requests a commit came by, statuses. */
import { reads, writes } from './access.ts'
import { invalid, notFound, Refused } from './failure.ts'
import type { HistoryOptions } from './git.ts'
import { diffTrees } from './git-diff.ts'
import type { Commit } from './git-objects.ts'
import { dateParameter, pageOf, pageRequest, paginate } from './pages.ts'
import { presentSimpleStatus, presentStatus } from './present-check.ts'
import { presentCommit, presentFile } from './present-commit.ts'
import { presentPullSimple } from './present-pull.ts'
import { presentRepository, repositoryPage, repositoryUrl } from './present-repository.ts'
import { commitNamed, commitOrNotFound, isSha } from './revisions.ts'
import { type Answer, named, type RepositoryCall, type Route, repositoryRoute, wantsMedia } from './router.ts'
import { type CommitStatus, type PullIssue, pullsOf, type Repository, userNamed } from './world.ts'

/** Of one commit or comparison; a comparison lists no more, and only on its first page. */
const FILES_A_PAGE = 300
const COMMITS_A_PAGE = 250

export const commitRoutes: Route[] = [
  repositoryRoute('GET', '/commits', reads('contents'), listCommits),
  repositoryRoute('GET', '/commits/:sha/pulls', reads('pull_requests'), pullsOfCommit),
  repositoryRoute('GET', '/commits/*ref/status', reads('statuses'), combinedStatus),
  repositoryRoute('POST', '/statuses/:sha', writes('statuses'), createStatus),
  repositoryRoute('GET', '/compare/*basehead', reads('contents'), compare),
]

/** Stands last in the table: its reference may contain slashes, so it would swallow the others. */
export const oneCommitRoute = repositoryRoute('GET', '/commits/*ref', reads('contents'), getCommit)

async function listCommits({ world, repository, query }: RepositoryCall): Promise<Answer> {
  const start = await commitOrNotFound(repository, query.get('sha') ?? repository.defaultBranch)
  const email = (field: string) => {
    const login = query.get(field)
    return login === null ? undefined : (userNamed(world, login)?.email ?? login)
  }
  const date = (field: string) => {
    const at = dateParameter(query, field)
    return at === undefined ? undefined : new Date(at).toISOString()
  }
  const options: HistoryOptions = {
    path: query.get('path') ?? undefined,
    author: email('author'),
    committer: email('committer'),
    since: date('since'),
    until: date('until'),
  }
  const page = pageRequest(query)
  const shas = await repository.git.history([start.sha], {
    ...options,
    skip: (page.number - 1) * page.size,
    limit: page.size + 1,
  })
  const shown = await Promise.all(shas.slice(0, page.size).map((sha) => repository.git.commitOrFail(sha)))
  // Counting is a second walk: only done when there is a next page to lead to.
  const total = shas.length > page.size ? await repository.git.countHistory([start.sha], options) : undefined
  return {
    status: 200,
    body: shown.map((commit) => presentCommit(world, repository, commit)),
    page: total === undefined ? { ...page, last: undefined, hasNext: false } : pageOf(page, total),
  }
}

async function getCommit({ world, repository, query, param, accept }: RepositoryCall): Promise<Answer> {
  const commit = await commitNamed(repository, param('ref'))
  if (wantsMedia(accept, 'sha')) {
    return { status: 200, body: commit.sha, contentType: 'application/vnd.github.sha' }
  }
  const files = await diffTrees(repository.git, commit.parents[0], commit.sha)
  const { items, page } = paginate(files, query, FILES_A_PAGE)
  const additions = files.reduce((sum, file) => sum + file.additions, 0)
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0)
  return {
    status: 200,
    body: {
      ...presentCommit(world, repository, commit),
      stats: { total: additions + deletions, additions, deletions },
      files: items.map((file) => presentFile(world, repository, file, commit.sha)),
    },
    page,
  }
}

/** The pull request that brought a commit into the default branch; elsewhere the open ones that hold it too. */
async function pullsOfCommit({ world, repository, query, param }: RepositoryCall): Promise<Answer> {
  const sha = param('sha')
  if (!isSha(sha) || !(await repository.git.commit(sha)))
    throw new Refused(422, `No commit found for SHA: ${sha}`)
  const found: PullIssue[] = []
  for (const issue of pullsOf(repository)) {
    if (await holdsCommit(repository, issue, sha)) found.push(issue)
  }
  const { items, page } = paginate(found, query)
  return { status: 200, body: items.map((issue) => presentPullSimple(world, repository, issue)), page }
}

async function holdsCommit({ git }: Repository, { pull, state }: PullIssue, sha: string): Promise<boolean> {
  if (pull.merge?.sha === sha || pull.head.sha === sha) return state === 'open' || pull.merge !== undefined
  if (state === 'closed' && !pull.merge) return false
  return (await git.between(pull.base.sha, pull.head.sha)).includes(sha)
}

async function combinedStatus({ world, repository, query, param }: RepositoryCall): Promise<Answer> {
  const { sha } = await commitOrNotFound(repository, param('ref'))
  const latest = new Map(
    repository.statuses.filter((status) => status.sha === sha).map((s) => [s.context, s]),
  )
  const statuses = [...latest.values()]
  const { items, page } = paginate(statuses, query)
  return {
    status: 200,
    body: {
      state: combinedState(statuses),
      statuses: items.map((status) => presentSimpleStatus(world, repository, status)),
      sha,
      total_count: statuses.length,
      repository: presentRepository(world, repository),
      commit_url: repositoryUrl(world, repository, `/commits/${sha}`),
      url: repositoryUrl(world, repository, `/commits/${sha}/status`),
    },
    page,
  }
}

function combinedState(statuses: readonly CommitStatus[]): string {
  if (statuses.some(({ state }) => state === 'failure' || state === 'error')) return 'failure'
  return statuses.length > 0 && statuses.every(({ state }) => state === 'success') ? 'success' : 'pending'
}

async function createStatus(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call
  const input = call.input('Status')
  const { sha } = await commitNamed(repository, call.param('sha'))
  const state = input.oneOf('state', ['error', 'failure', 'pending', 'success'])
  if (!state) throw invalid('Status', 'state', 'missing_field')
  const status: CommitStatus = {
    id: world.nextId(),
    sha,
    state,
    context: input.optionalString('context') ?? 'default',
    description: input.boundedString('description', 140) ?? null,
    targetUrl: input.optionalString('target_url') ?? null,
    creator: named(call.actor).user,
    at: world.clock.now(),
  }
  repository.statuses.push(status)
  return { status: 201, body: presentStatus(world, repository, status) }
}

async function compare({ world, repository, query, param }: RepositoryCall): Promise<Answer> {
  const [baseName = '', headName] = param('basehead').split('...')
  if (!headName) throw notFound()
  const base = await comparedCommit(repository, baseName)
  const head = await comparedCommit(repository, headName)
  const mergeBaseSha = await repository.git.mergeBase(base.sha, head.sha)
  if (mergeBaseSha === undefined)
    throw new Refused(404, `No common ancestor between ${baseName} and ${headName}.`)
  const ahead = (await repository.git.between(base.sha, head.sha)).toReversed()
  const behind = (await repository.git.between(head.sha, base.sha)).length
  const { items, page } = paginate(ahead, query, COMMITS_A_PAGE)
  const commits = await Promise.all(items.map((sha) => repository.git.commitOrFail(sha)))
  const path = `/compare/${baseName}...${headName}`
  const html = repositoryPage(world, repository, path)
  const files = page.number === 1 ? await diffTrees(repository.git, mergeBaseSha, head.sha) : []
  return {
    status: 200,
    body: {
      url: repositoryUrl(world, repository, path),
      html_url: html,
      permalink_url: repositoryPage(world, repository, `/compare/${base.sha}...${head.sha}`),
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: presentCommit(world, repository, base),
      merge_base_commit: presentCommit(world, repository, await repository.git.commitOrFail(mergeBaseSha)),
      status: comparison(ahead.length, behind),
      ahead_by: ahead.length,
      behind_by: behind,
      total_commits: ahead.length,
      commits: commits.map((commit) => presentCommit(world, repository, commit)),
      files: files.slice(0, FILES_A_PAGE).map((file) => presentFile(world, repository, file, head.sha)),
    },
    page,
  }
}

/** `branch`, or `owner:branch` for one of this repository's own. */
function comparedCommit(repository: Repository, name: string): Promise<Commit> {
  const prefix = `${repository.owner.login}:`
  return commitOrNotFound(repository, name.startsWith(prefix) ? name.slice(prefix.length) : name)
}

function comparison(ahead: number, behind: number): string {
  if (ahead > 0 && behind > 0) return 'diverged'
  if (ahead > 0) return 'ahead'
  return behind > 0 ? 'behind' : 'identical'
}
