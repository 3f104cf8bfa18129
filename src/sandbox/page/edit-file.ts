/** GitHub's pages to add, edit and delete one file, and the commit they make: on the branch, or on a new one to propose it. */
import { refusalOf, statusOf } from './github.ts'
import { fieldText, type Html, html } from './html.ts'
import { type Branch, branchesOf, splitRevision } from './refs.ts'
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

export const editPages: readonly PageRoute[] = [
  get('/:owner/:repo/new/*address', (visit) => show(visit, 'new')),
  get('/:owner/:repo/edit/*address', (visit) => show(visit, 'edit')),
  get('/:owner/:repo/delete/*address', (visit) => show(visit, 'delete')),
  post('/:owner/:repo/new/*address', (visit) => commit(visit, 'new')),
  post('/:owner/:repo/edit/*address', (visit) => commit(visit, 'edit')),
  post('/:owner/:repo/delete/*address', (visit) => commit(visit, 'delete')),
]

type Task = 'new' | 'edit' | 'delete'

const WORDS = {
  new: { title: 'New file', verb: 'Create', propose: 'Propose new file' },
  edit: { title: 'Edit file', verb: 'Update', propose: 'Propose changes' },
  delete: { title: 'Delete file', verb: 'Delete', propose: 'Propose deletion' },
} as const

interface Draft {
  readonly at: Place
  readonly task: Task
  readonly branch: string
  readonly branches: readonly Branch[]
  /** Of the file as it is now; the new one may be elsewhere. */
  readonly path: string
  /** What was there when the page was opened: another change in the meantime is not overwritten. */
  readonly sha: string | undefined
  readonly filename: string
  readonly text: string
}

async function show(visit: Visit, task: Task): Promise<PageAnswer> {
  return form(visit, await draftOf(visit, task))
}

async function draftOf(visit: Visit, task: Task): Promise<Draft> {
  const at = placeOf(visit)
  const branches = await branchesOf(visit.github, at)
  const { name: branch, path, isBranch } = splitRevision(branches, visit.param('address'))
  if (!isBranch) throw new NothingHere()
  const started = { at, task, branch, branches, path }
  if (task === 'new') {
    const wished = visit.url.searchParams.get('filename') ?? ''
    const filename = path === '' ? wished : `${path}/${wished}`
    return { ...started, sha: undefined, filename, text: visit.url.searchParams.get('value') ?? '' }
  }
  const { data } = await visit.github.repos.getContent({ ...at, path, ref: branch })
  if (Array.isArray(data) || data.type !== 'file' || !('content' in data)) throw new NothingHere()
  const text = Buffer.from(data.content, 'base64').toString()
  return { ...started, sha: data.sha, filename: path, text }
}

function form(visit: Visit, draft: Draft, refused?: string): PageAnswer {
  const { at, task, branch, path, filename } = draft
  const words = WORDS[task]
  const proposed = visit.field('new-branch') || freeBranch(visit.login, draft.branches)
  const main = html`<h1>${words.title}</h1>
<p class="under">On <span class="branch"><bdi>${branch}</bdi></span> of ${at.owner}/${at.repo}</p>
${refused !== undefined && html`<div class="refusal" role="alert"><b>Refused.</b> <span class="words">${refused}</span></div>`}
<form class="stacked" method="post" action="${pathTo(at, task, branch, ...(path === '' ? [] : [path]))}" aria-label="${words.title}">
<input type="hidden" name="sha" value="${draft.sha}">
${content(draft)}
<section class="box stacked" aria-labelledby="commit-title">
<h2 id="commit-title">Commit</h2>
<label for="message">Message</label>
<input id="message" name="message" value="${visit.field('message')}" placeholder="${`${words.verb} ${filename || 'a file'}`}">
<fieldset><legend>Where to</legend>
<div class="choice"><input type="radio" id="to-new" name="to" value="new"${visit.field('to') !== 'here' && html` checked`}><label for="to-new">A new branch, to open a pull request from</label></div>
<label class="inner" for="new-branch">Name of the new branch</label><input class="inner" id="new-branch" name="new-branch" value="${proposed}">
<div class="choice"><input type="radio" id="to-here" name="to" value="here"${visit.field('to') === 'here' && html` checked`}><label for="to-here">Right onto <bdi>${branch}</bdi></label></div>
</fieldset>
<div class="buttons"><button type="submit" class="primary">${words.propose}</button> <a class="button" href="${pathTo(at)}">Cancel</a></div>
</section>
</form>`
  return {
    kind: 'page',
    ...(refused !== undefined && { status: 422 }),
    title: words.title,
    at: { ...at, tab: 'code' },
    main,
  }
}

/** A browser leaves out the first line end of a text field, so that one stands there for it. */
function content({ task, filename, text }: Draft): Html {
  if (task === 'delete')
    return html`<p class="words">Take out <code>${filename}</code>:</p><pre class="box message">${text}</pre>`
  return html`<label for="filename">Path and name</label>
<input id="filename" name="filename" value="${filename}" required autocapitalize="off" spellcheck="false">
<label for="text">Content</label>
<textarea id="text" class="code" name="content" rows="16" spellcheck="false">
${fieldText(text)}</textarea>`
}

/** As GitHub names them: `alice-patch-1` and on. */
function freeBranch(login: string, branches: readonly Branch[]): string {
  const names = new Set(branches.map(({ name }) => name))
  for (let number = 1; ; number++) {
    const name = `${login}-patch-${number}`
    if (!names.has(name)) return name
  }
}

async function commit(visit: Visit, task: Task): Promise<PageAnswer> {
  const draft = await draftOf(visit, task)
  const sent: Draft = {
    ...draft,
    filename: visit.field('filename').trim() || draft.path,
    text: textOf(visit),
    sha: visit.field('sha') || undefined,
  }
  try {
    return await commitTo(visit, sent)
  } catch (error) {
    if (statusOf(error) === undefined && !(error instanceof BadForm)) throw error
    return form(visit, task === 'delete' ? draft : sent, refusalOf(error))
  }
}

/** Forms send line ends as CRLF, whatever was in the file; a file of text ends with one. */
function textOf(visit: Visit): string {
  const text = visit.field('content').replaceAll('\r\n', '\n')
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

async function commitTo(visit: Visit, draft: Draft): Promise<PageAnswer> {
  const { at, branch } = draft
  if (visit.field('to') === 'here') {
    await change(visit, draft, branch)
    return afterwards(visit, pathTo(at, 'tree', branch))
  }
  const name = visit.field('new-branch').trim()
  if (name === '') throw new BadForm('The new branch needs a name.')
  await startBranch(visit, draft, name)
  return afterwards(visit, pathTo(at, 'compare', `${branch}...${name}`))
}

/** A branch whose commit was refused is taken away again, so that the same form can be sent once more. */
async function startBranch(visit: Visit, draft: Draft, name: string): Promise<void> {
  const { at, branch, branches } = draft
  const sha = branches.find((one) => one.name === branch)?.sha
  if (sha === undefined) throw new NothingHere()
  await visit.github.git.createRef({ ...at, ref: `refs/heads/${name}`, sha })
  try {
    await change(visit, draft, name)
  } catch (error) {
    await visit.github.git.deleteRef({ ...at, ref: `heads/${name}` })
    throw error
  }
}

async function change(visit: Visit, draft: Draft, branch: string): Promise<void> {
  const { at, task, filename, path, sha } = draft
  const { repos } = visit.github
  const message = visit.field('message').trim() || `${WORDS[task].verb} ${filename}`
  const put = { ...at, branch, message, path: filename }
  if (filename === '') throw new BadForm('The file needs a path and a name.')
  if (task === 'delete') {
    await repos.deleteFile({ ...put, sha: sha ?? '' })
    return
  }
  const content = Buffer.from(draft.text).toString('base64')
  const isSamePlace = filename === path
  await repos.createOrUpdateFileContents({
    ...put,
    content,
    ...(isSamePlace && sha !== undefined && { sha }),
  })
  if (task === 'edit' && !isSamePlace && sha !== undefined)
    await repos.deleteFile({ ...at, branch, message: `Move ${path}`, path, sha })
}
