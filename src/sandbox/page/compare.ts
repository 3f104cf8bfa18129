/** Two branches beside each other, and the form that opens a pull request from one to the other. */

import { commitList } from './commits.ts'
import { fileDiff } from './diff-view.ts'
import { refusalOf, statusOf } from './github.ts'
import { fieldText, type Html, html } from './html.ts'
import { get, type PageRoute, post } from './router.ts'
import {
  afterwards,
  BadForm,
  NothingHere,
  type PageAnswer,
  type Place,
  pathTo,
  placeOf,
  type Visit,
} from './visit.ts'
import { firstLine, plural } from './words.ts'

export const comparePages: readonly PageRoute[] = [
  get('/:owner/:repo/compare/*range', (visit) => showCompare(visit)),
  post('/:owner/:repo/compare/*range', openPullRequest),
]

interface Range {
  readonly base: string
  readonly head: string
}

function rangeOf(visit: Visit): Range {
  const [base = '', head = ''] = visit.param('range').split('...')
  if (base === '' || head === '') throw new NothingHere()
  return { base, head }
}

async function showCompare(visit: Visit, refused?: string): Promise<PageAnswer> {
  const at = placeOf(visit)
  const { base, head } = rangeOf(visit)
  const { data } = await visit.github.repos.compareCommitsWithBasehead({
    ...at,
    basehead: `${base}...${head}`,
  })
  const { commits, files = [] } = data
  const main = html`<h1>Open a pull request</h1>
<p class="under">From <span class="branch"><bdi>${head}</bdi></span> into <span class="branch"><bdi>${base}</bdi></span></p>
${refused !== undefined && html`<div class="refusal" role="alert"><b>Refused.</b> <span class="words">${refused}</span></div>`}
${
  commits.length === 0
    ? html`<p class="empty">There is nothing on this branch that is not on ${base} already.</p>`
    : html`${pullForm(visit, at, firstLine(commits[0]?.commit.message ?? head))}
<h2>${plural(commits.length, 'commit')}</h2>${commitList(at, commits)}
<h2>${plural(files.length, 'file')} changed</h2>${files.map((file) => fileDiff({ at, file, remarks: [] }))}`
}`
  return {
    kind: 'page',
    ...(refused !== undefined && { status: 422 }),
    title: `${head} into ${base}`,
    at: { ...at, tab: 'pulls' },
    main,
  }
}

function pullForm(visit: Visit, at: Place, title: string): Html {
  return html`<form class="box stacked" method="post" action="${pathTo(at, 'compare', visit.param('range'))}" aria-label="New pull request">
<label for="title">Title</label>
<input id="title" name="title" value="${visit.field('title') || title}" required>
<label for="body">Description</label>
<textarea id="body" name="body" rows="5">${fieldText(visit.field('body'))}</textarea>
<div class="choice"><input type="checkbox" id="draft" name="draft" value="yes"><label for="draft">As a draft</label></div>
<div class="buttons"><button type="submit" class="primary">Create pull request</button></div>
</form>`
}

async function openPullRequest(visit: Visit): Promise<PageAnswer> {
  const at = placeOf(visit)
  const { base, head } = rangeOf(visit)
  try {
    const title = visit.field('title')
    if (title.trim() === '') throw new BadForm('A pull request needs a title.')
    const { data } = await visit.github.pulls.create({
      ...at,
      base,
      head,
      title,
      body: visit.field('body'),
      draft: visit.field('draft') === 'yes',
    })
    return await afterwards(visit, pathTo(at, 'pull', data.number))
  } catch (error) {
    if (statusOf(error) === undefined && !(error instanceof BadForm)) throw error
    return showCompare(visit, refusalOf(error))
  }
}
