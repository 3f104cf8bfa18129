/** Files and folders of a repository at a branch or a commit, as GitHub's code pages show them. */
import { diffTable } from './diff-view.ts'
import { EXAMPLE_FOLDER, exampleRequest } from './example-request.ts'
import { statusOf } from './github.ts'
import { type Html, html, NOTHING } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { type Branch, branchesOf, defaultBranchOf, type Revision, splitRevision } from './refs.ts'
import { get, type PageRoute } from './router.ts'
import { encodePath, type PageAnswer, type Place, pathTo, placeOf, type Visit } from './visit.ts'
import { icon } from './words.ts'

export const codePages: readonly PageRoute[] = [
  get('/:owner/:repo/tree/*address', (visit) => showPath(visit, visit.param('address'))),
  get('/:owner/:repo/blob/*address', (visit) => showPath(visit, visit.param('address'))),
  get('/:owner/:repo/raw/*address', showRaw),
  get('/:owner/:repo', async (visit) => showPath(visit, await defaultBranchOf(visit.github, placeOf(visit)))),
]

/** Longer files are shown in part. */
const SHOWN_LINES = 3_000

interface Code {
  readonly visit: Visit
  readonly at: Place
  readonly revision: Revision
  readonly branches: readonly Branch[]
}

async function showPath(visit: Visit, address: string): Promise<PageAnswer> {
  const at = placeOf(visit)
  const branches = await branchesOf(visit.github, at)
  const revision = splitRevision(branches, address)
  const code = { visit, at, revision, branches }
  const main = revision.path === '' ? await folder(code, await topFolder(code)) : await below(code)
  const title = `${revision.path || at.repo} at ${revision.name}`
  return { kind: 'page', title, at: { ...at, tab: 'code' }, main }
}

async function below(code: Code): Promise<Html> {
  const { visit, at, revision } = code
  const { data } = await visit.github.repos.getContent({ ...at, path: revision.path, ref: revision.name })
  if (Array.isArray(data)) return folder(code, data)
  if (data.type !== 'file' || !('content' in data))
    return html`<h1><bdi>${revision.path}</bdi></h1>${crumbs(code)}<p>This is a ${data.type}.</p>`
  return file(code, Buffer.from(data.content, 'base64').toString())
}

/** The contents API has no path for it. */
async function topFolder({ visit, at, revision }: Code): Promise<readonly Entry[]> {
  const { data } = await visit.github.git.getTree({ ...at, tree_sha: revision.name })
  return data.tree.map(({ path, type }) => ({ name: path, path, type: type === 'tree' ? 'dir' : 'file' }))
}

interface Entry {
  readonly name: string
  readonly path: string
  readonly type: string
}

async function folder(code: Code, entries: readonly Entry[]): Promise<Html> {
  const { visit, at, revision, branches } = code
  const ordered = [...entries].sort(
    (a, b) => Number(b.type === 'dir') - Number(a.type === 'dir') || (a.name < b.name ? -1 : 1),
  )
  const readme = ordered.find(({ name, type }) => type === 'file' && /^readme\.md$/i.test(name))
  const isTop = revision.path === ''
  return html`<h1 class="${isTop && 'said'}">${isTop ? `${at.owner}/${at.repo}` : revision.path}</h1>
<div class="bar">
${branchMenu(code)}
<div class="buttons">
<a class="button" href="${pathTo(at, 'branches')}">${branches.length} ${branches.length === 1 ? 'branch' : 'branches'}</a>
<a class="button" href="${pathTo(at, 'commits', revision.name)}">History</a>
${revision.isBranch && html`<a class="button" href="${`${pathTo(at, 'new', revision.name)}?filename=${encodeURIComponent(isTop ? '' : `${revision.path}/`)}`}">Add a file</a>`}
${revision.isBranch && html`<a class="button primary" href="${await askLink(visit, at, revision.name)}">Ask for access</a>`}
</div>
</div>
${!isTop && crumbs(code)}
<ul class="files">${ordered.map(
    ({ name, path, type }) =>
      html`<li><a href="${pathTo(at, type === 'dir' ? 'tree' : 'blob', revision.name, path)}">${icon(type === 'dir' ? 'folder' : 'file')}${type === 'dir' && html`<span class="said">folder </span>`}<bdi>${name}</bdi></a></li>`,
  )}</ul>
${readme ? await readmeOf(code, readme.path) : NOTHING}`
}

/** The link is GitHub's own: a new file with its path and text filled in. */
async function askLink({ github, login }: Visit, at: Place, ref: string): Promise<string> {
  const names = await github.repos.getContent({ ...at, path: EXAMPLE_FOLDER, ref }).then(
    ({ data }) => (Array.isArray(data) ? data.map(({ name }) => name) : []),
    (error: unknown) => {
      if (statusOf(error) === 404) return []
      throw error
    },
  )
  return exampleRequest(at, ref, login, names)
}

async function readmeOf({ visit, at, revision }: Code, path: string): Promise<Html> {
  const { data } = await visit.github.repos.getContent({ ...at, path, ref: revision.name })
  const text = 'content' in data ? Buffer.from(data.content, 'base64').toString() : ''
  return html`<article class="box markdown" aria-label="${path}">${renderFile({ at, revision }, path, text)}</article>`
}

function renderFile({ at, revision }: Pick<Code, 'at' | 'revision'>, path: string, text: string): Html {
  const folderOf = path.split('/').slice(0, -1).join('/')
  const base = `${pathTo(at, 'blob', revision.name)}/${folderOf === '' ? '' : `${encodePath(folderOf)}/`}`
  return renderMarkdown(text, { breaks: false, base })
}

function file(code: Code, text: string): Html {
  const { at, revision } = code
  const { name, path, isBranch } = revision
  const lines = text.replace(/\n$/, '').split('\n')
  const action = (words: string, page: string) =>
    html`<a class="button" href="${pathTo(at, page, name, path)}">${words}</a>`
  return html`<h1><bdi>${path.slice(path.lastIndexOf('/') + 1)}</bdi></h1>
<div class="bar">${branchMenu(code)}
<div class="buttons">${action('History', 'commits')}${action('Raw', 'raw')}${isBranch && action('Edit', 'edit')}${isBranch && action('Delete', 'delete')}</div></div>
${crumbs(code)}
${
  /\.md$/i.test(path)
    ? html`<article class="box markdown">${renderFile(code, path, text)}</article>`
    : html`<div class="box">${diffTable(lines.slice(0, SHOWN_LINES).map((line, index) => ({ kind: 'same', text: line, newLine: index + 1 })))}${lines.length > SHOWN_LINES && html`<p class="hint">The first ${SHOWN_LINES} of ${lines.length} lines.</p>`}</div>`
}`
}

function crumbs({ at, revision: { name, path } }: Code): Html {
  const parts = path.split('/')
  return html`<nav class="crumbs" aria-label="Path"><a href="${pathTo(at, 'tree', name)}">${at.repo}</a>${parts.map(
    (part, index) =>
      html`<span aria-hidden="true"> / </span>${index === parts.length - 1 ? html`<bdi aria-current="page">${part}</bdi>` : html`<a href="${pathTo(at, 'tree', name, parts.slice(0, index + 1).join('/'))}"><bdi>${part}</bdi></a>`}`,
  )}</nav>`
}

function branchMenu({ at, revision: { name, path }, branches }: Code): Html {
  return html`<details class="menu"><summary><span class="said">Branch or commit: </span><bdi>${name.slice(0, 40)}</bdi></summary>
<ul>${branches.map((branch) => html`<li><a href="${pathTo(at, 'tree', branch.name, ...(path === '' ? [] : [path]))}"><bdi>${branch.name}</bdi></a></li>`)}</ul></details>`
}

/** Plain text whatever it is, so that no browser takes it for a page. */
async function showRaw(visit: Visit): Promise<PageAnswer> {
  const at = placeOf(visit)
  const { name, path } = splitRevision(await branchesOf(visit.github, at), visit.param('address'))
  const { data } = await visit.github.repos.getContent({ ...at, path, ref: name })
  const content = !Array.isArray(data) && 'content' in data ? data.content : ''
  return {
    kind: 'file',
    contentType: 'text/plain; charset=utf-8',
    body: Buffer.from(content, 'base64'),
  }
}
