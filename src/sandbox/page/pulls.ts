/** The pages of pull requests: the list, and of each one conversation, commits, checks and files. */
import { checkBox, checksOf, remarksOf, wholeCheck } from './checks.ts'
import { commitList } from './commits.ts'
import { fileDiff, remarksElsewhere } from './diff-view.ts'
import { type Html, html } from './html.ts'
import { form } from './layout.ts'
import { mergeBox } from './merge-box.ts'
import { openPull, type PullVisit, pullPage, pullState } from './pull-head.ts'
import { get, type PageRoute } from './router.ts'
import { comment, timeline } from './timeline.ts'
import { type PageAnswer, pathTo, placeOf, type Visit } from './visit.ts'
import { avatar, person, time } from './words.ts'

export const pullPages: readonly PageRoute[] = [
  get('/:owner/:repo/pulls', showList),
  get('/:owner/:repo/pull/:number', showConversation),
  get('/:owner/:repo/pull/:number/commits', showCommits),
  get('/:owner/:repo/pull/:number/checks', showChecks),
  get('/:owner/:repo/pull/:number/files', showFiles),
]

const STATES = ['open', 'closed', 'all'] as const

async function showList(visit: Visit): Promise<PageAnswer> {
  const at = placeOf(visit)
  const asked = visit.url.searchParams.get('state')
  const state = STATES.find((known) => known === asked) ?? 'open'
  const page = Math.max(1, Number(visit.url.searchParams.get('page')) || 1)
  const { data, headers } = await visit.github.pulls.list({ ...at, state, per_page: 50, page })
  const list = (to: string, number = 1) => `${pathTo(at, 'pulls')}?state=${to}&page=${number}`
  return {
    kind: 'page',
    title: 'Pull requests',
    at: { ...at, tab: 'pulls' },
    main: html`<div class="bar"><h1>Pull requests</h1><div class="buttons"><a class="button" href="${pathTo(at, 'branches')}">Open one from a branch</a></div></div>
<nav aria-label="Which pull requests"><ul class="tabs">${STATES.map((one) => html`<li><a href="${list(one)}"${one === state && html` aria-current="page"`}>${one.replace(/^./, (letter) => letter.toUpperCase())}</a></li>`)}</ul></nav>
<div data-live="pulls">${
      data.length === 0
        ? html`<p class="empty">There are none. <a href="${pathTo(at)}">Go to the code</a> and press <b>Ask for access</b>.</p>`
        : html`<ul class="rows">${data.map(
            (
              pull,
            ) => html`<li>${pullState(pull)} <div><a class="title" href="${pathTo(at, 'pull', pull.number)}"><bdi>${pull.title}</bdi></a>${pull.labels.map(({ name }) => html` <span class="label"><bdi>${name}</bdi></span>`)}
<p class="hint">#${pull.number} by ${person(pull.user)}, ${time(pull.created_at)}</p></div></li>`,
          )}</ul>`
    }</div>
${page > 1 && html`<a class="button" href="${list(state, page - 1)}">Newer</a>`}
${headers.link?.includes('rel="next"') && html`<a class="button" href="${list(state, page + 1)}">Older</a>`}`,
  }
}

async function showConversation(visit: Visit): Promise<PageAnswer> {
  const opened = await openPull(visit)
  const { at, pull, back } = opened
  const { github } = visit
  const [moments, merge] = await Promise.all([
    github.paginate(github.issues.listEventsForTimeline, { ...at, issue_number: pull.number, per_page: 100 }),
    mergeBox(opened),
  ])
  const first = comment({
    by: pull.user,
    did: 'opened this',
    when: pull.created_at,
    body: pull.body || '*No description.*',
  })
  const main = html`${first}
${timeline({ at, number: pull.number, back }, moments)}
${merge}`
  return pullPage(opened, 'conversation', main, reviewForm(opened))
}

async function showCommits(visit: Visit): Promise<PageAnswer> {
  const opened = await openPull(visit)
  const { at, pull } = opened
  const { github } = visit
  const commits = await github.paginate(github.pulls.listCommits, {
    ...at,
    pull_number: pull.number,
    per_page: 100,
  })
  return pullPage(opened, 'commits', commitList(at, commits))
}

async function showChecks(visit: Visit): Promise<PageAnswer> {
  const opened = await openPull(visit)
  const { at, pull, back } = opened
  const shas = [pull.head.sha, ...(pull.merged && pull.merge_commit_sha ? [pull.merge_commit_sha] : [])]
  const runs = (await Promise.all(shas.map((sha) => checksOf(visit.github, at, sha)))).flat()
  const checks = await Promise.all(runs.map((run) => wholeCheck(visit, at, run)))
  const shown =
    checks.length === 0
      ? html`<p class="empty">No check has reported on this commit.</p>`
      : html`${checks.map((check) => checkBox(at, check, back))}`
  return pullPage(opened, 'checks', html`<h2 class="said">Checks</h2>${shown}`)
}

async function showFiles(visit: Visit): Promise<PageAnswer> {
  const opened = await openPull(visit)
  const { at, pull } = opened
  const { github } = visit
  const [files, runs] = await Promise.all([
    github.paginate(github.pulls.listFiles, { ...at, pull_number: pull.number, per_page: 100 }),
    checksOf(github, at, pull.head.sha),
  ])
  const remarks = await remarksOf(github, at, runs)
  const { repo, ref } = pull.head
  const editOn =
    pull.state === 'open' && repo ? { owner: repo.owner.login, repo: repo.name, branch: ref } : undefined
  const main = html`<h2 class="said">Files changed</h2>
${files.map((file) => fileDiff({ at, file, remarks, ...(editOn && { editOn }) }))}
${remarksElsewhere(files, remarks)}`
  return pullPage(opened, 'files', main, reviewForm(opened))
}

/** The commit that was looked at goes along: an approval is for these bytes. */
function reviewForm({ visit, at, pull, back }: PullVisit): Html {
  const isOpen = pull.state === 'open'
  const event = (words: string, value: string, kind = '') =>
    html`<button type="submit" class="${kind}" name="event" value="${value}">${words}</button>`
  return html`<section class="answer" aria-labelledby="answer-title">
<h2 id="answer-title">${avatar({ login: visit.login })} Answer as ${visit.login}</h2>
${form(
  pathTo(at, 'pull', pull.number, 'answer'),
  back,
  html`<input type="hidden" name="commit" value="${pull.head.sha}">
<label for="answer">Comment</label>
<textarea id="answer" name="body" rows="4" aria-describedby="answer-hint"></textarea>
<p class="hint" id="answer-hint">Markdown works. Approving needs no words.</p>
<div class="buttons">
${isOpen && event('Approve', 'approve', 'primary')}
${isOpen && event('Ask for changes', 'changes')}
${event('Comment', 'comment')}
${isOpen && event('Close pull request', 'close')}
</div>`,
)}
</section>`
}
