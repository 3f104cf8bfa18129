/** Commits and branches: the history of a branch or file, one commit with its changes and checks, the list of branches. */
import { checkBox, checksOf, remarksOf, wholeCheck } from './checks.ts'
import { fileDiff, remarksElsewhere } from './diff-view.ts'
import type { Commit } from './github.ts'
import { type Html, html } from './html.ts'
import { form } from './layout.ts'
import { branchesOf, defaultBranchOf, splitRevision } from './refs.ts'
import { get, type PageRoute, post } from './router.ts'
import { afterwards, type PageAnswer, type Place, pathTo, placeOf, type Visit } from './visit.ts'
import { commitLink, firstLine, time } from './words.ts'

export const commitPages: readonly PageRoute[] = [
  get('/:owner/:repo/commits', async (visit) =>
    showHistory(visit, await defaultBranchOf(visit.github, placeOf(visit))),
  ),
  get('/:owner/:repo/commits/*address', (visit) => showHistory(visit, visit.param('address'))),
  get('/:owner/:repo/commit/:sha', showCommit),
  get('/:owner/:repo/branches', showBranches),
  post('/:owner/:repo/branches/delete', deleteBranch),
]

const COMMITS_A_PAGE = 50

async function showHistory(visit: Visit, address: string): Promise<PageAnswer> {
  const at = placeOf(visit)
  const { name, path } = splitRevision(await branchesOf(visit.github, at), address)
  const page = Math.max(1, Number(visit.url.searchParams.get('page')) || 1)
  const { data, headers } = await visit.github.repos.listCommits({
    ...at,
    sha: name,
    ...(path !== '' && { path }),
    per_page: COMMITS_A_PAGE,
    page,
  })
  const to = (number: number) => `${visit.url.pathname}?page=${number}`
  const main = html`<h1>History of <bdi>${path || name}</bdi></h1>
${commitList(at, data)}
<div class="buttons">${page > 1 && html`<a class="button" href="${to(page - 1)}">Newer</a>`}${headers.link?.includes('rel="next"') && html`<a class="button" href="${to(page + 1)}">Older</a>`}</div>`
  return { kind: 'page', title: `History of ${path || name}`, at: { ...at, tab: 'code' }, main }
}

/** The part of a commit that lists show. */
type Listed = Pick<Commit, 'sha' | 'commit' | 'author'>

export function commitList(at: Place, commits: readonly Listed[]): Html {
  return html`<ol class="rows">${commits.map(
    ({
      sha,
      commit,
      author,
    }) => html`<li><div><a class="title" href="${pathTo(at, 'commit', sha)}"><bdi>${firstLine(commit.message)}</bdi></a>
<p class="hint">${commitLink(at, sha)} by <bdi>${nameOf(author, commit.author?.name)}</bdi> ${time(commit.author?.date)}${commit.verification?.verified && html` <span class="label">Verified</span>`}</p></div></li>`,
  )}</ol>`
}

/** The account that GitHub ties the commit to, else the name that stands in it. */
function nameOf(account: Commit['author'], name: string | undefined): string | undefined {
  return account && 'login' in account ? account.login : name
}

async function showCommit(visit: Visit): Promise<PageAnswer> {
  const at = placeOf(visit)
  const { github } = visit
  const { data } = await github.repos.getCommit({ ...at, ref: visit.param('sha') })
  const { sha, commit, author, committer, parents, files = [] } = data
  const runs = await checksOf(github, at, sha)
  const [remarks, checks] = await Promise.all([
    remarksOf(github, at, runs),
    Promise.all(runs.map((run) => wholeCheck(visit, at, run))),
  ])
  const body = commit.message.split('\n').slice(1).join('\n').trim()
  const main = html`<h1 class="words"><bdi>${firstLine(commit.message)}</bdi></h1>
<p class="under">By <bdi>${nameOf(author, commit.author?.name)}</bdi>, committed by <bdi>${nameOf(committer, commit.committer?.name)}</bdi> ${time(commit.committer?.date)}${commit.verification?.verified && html` <span class="label">Verified</span>`}</p>
${body !== '' && html`<pre class="box message">${body}</pre>`}
<p class="hint">Commit <code class="words">${sha}</code>, ${parents.length === 0 ? 'the first' : html`after ${parents.map((parent) => html`${commitLink(at, parent.sha)} `)}`}</p>
<div data-live="checks">${checks.map((check) => checkBox(at, check, visit.url.pathname))}</div>
<h2 class="said">Changes</h2>
${files.map((file) => fileDiff({ at, file, remarks }))}
${remarksElsewhere(files, remarks)}`
  return { kind: 'page', title: firstLine(commit.message), at: { ...at, tab: 'code' }, main }
}

async function showBranches(visit: Visit): Promise<PageAnswer> {
  const at = placeOf(visit)
  const [branches, base] = await Promise.all([
    branchesOf(visit.github, at),
    defaultBranchOf(visit.github, at),
  ])
  const main = html`<h1>Branches</h1>
<ul class="rows">${branches.map(
    ({
      name,
      sha,
    }) => html`<li><div class="grow"><a class="title" href="${pathTo(at, 'tree', name)}"><bdi>${name}</bdi></a>
<p class="hint">at ${commitLink(at, sha)}</p></div>
${name !== base && html`<div class="buttons"><a class="button" href="${pathTo(at, 'compare', `${base}...${name}`)}">Open a pull request</a>${form(pathTo(at, 'branches', 'delete'), visit.url.pathname, html`<input type="hidden" name="branch" value="${name}"><button type="submit" aria-label="${`Delete the branch ${name}`}">Delete</button>`)}</div>`}</li>`,
  )}</ul>`
  return { kind: 'page', title: 'Branches', at: { ...at, tab: 'code' }, main }
}

async function deleteBranch(visit: Visit): Promise<PageAnswer> {
  await visit.github.git.deleteRef({ ...placeOf(visit), ref: `heads/${visit.field('branch')}` })
  return afterwards(visit)
}
