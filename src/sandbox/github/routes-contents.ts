/** The contents API: read files and folders; put and remove one file with a commit. */
import { type Need, reads } from './access.ts'
import type { NamedActor } from './auth.ts'
import { invalid, notFound, Refused } from './failure.ts'
import {
  type Commit,
  FILE_MODE,
  type Identity,
  SUBMODULE_MODE,
  SYMLINK_MODE,
  TREE_MODE,
} from './git-objects.ts'
import { changeTree, findPath, isValidPath, type PathEntry, type TreeChange } from './git-tree.ts'
import { gitHubIdentity, identityOf } from './identity.ts'
import type { Input } from './input.ts'
import type { Json } from './present-account.ts'
import { presentGitCommit } from './present-commit.ts'
import { repositoryPage, repositoryUrl } from './present-repository.ts'
import { isProtected } from './protection.ts'
import { moveRef } from './ref-moves.ts'
import { commitOrNotFound } from './revisions.ts'
import { type Answer, named, type RepositoryCall, type Route, repositoryRoute, wantsMedia } from './router.ts'
import type { World } from './world.ts'

const WRITE: Need = { app: [{ name: 'contents', access: 'write' }], user: 'write', hidden: true }

/** Beyond these the contents API answers without content, or not at all. */
const CONTENT_LIMIT = 1024 * 1024
const SIZE_LIMIT = 100 * 1024 * 1024

export const contentsRoutes: Route[] = [
  repositoryRoute('GET', '/contents', reads('contents'), (call) => getContents(call, '')),
  repositoryRoute('GET', '/contents/', reads('contents'), (call) => getContents(call, '')),
  repositoryRoute('GET', '/contents/*path', reads('contents'), (call) =>
    getContents(call, call.param('path')),
  ),
  repositoryRoute('PUT', '/contents/*path', WRITE, putContents),
  repositoryRoute('DELETE', '/contents/*path', WRITE, deleteContents),
]

async function getContents(call: RepositoryCall, rawPath: string): Promise<Answer> {
  const { repository, query, accept } = call
  const path = rawPath.replace(/\/$/, '')
  const ref = query.get('ref') ?? repository.defaultBranch
  const { tree } = await commitOrNotFound(repository, ref)
  const root: PathEntry = { mode: TREE_MODE, name: '', sha: tree, path: '' }
  const entry = path === '' ? root : await findPath(repository.git, tree, path)
  if (!entry) throw notFound()
  if (entry.mode === TREE_MODE) return folder(call, entry, ref)
  const content = await repository.git.blob(entry.sha)
  if (wantsMedia(accept, 'raw')) {
    return { status: 200, body: content ?? '', contentType: 'application/vnd.github.raw' }
  }
  return { status: 200, body: presentEntry(call, entry, ref, content) }
}

async function folder(call: RepositoryCall, entry: PathEntry, ref: string): Promise<Answer> {
  const { git } = call.repository
  const below = (await git.tree(entry.sha)) ?? []
  const prefix = entry.path === '' ? '' : `${entry.path}/`
  const items = await Promise.all(
    below.map(async (item) => {
      const content = item.mode === TREE_MODE ? undefined : await git.blob(item.sha)
      const {
        content: _,
        encoding: __,
        ...listed
      } = presentEntry(call, { ...item, path: `${prefix}${item.name}` }, ref, content)
      return listed
    }),
  )
  if (!wantsMedia(call.accept, 'object')) return { status: 200, body: items }
  return {
    status: 200,
    body: { ...presentEntry(call, entry, ref, undefined), entries: items },
    contentType: 'application/vnd.github.object',
  }
}

const KINDS: Readonly<Record<string, string>> = {
  [TREE_MODE]: 'dir',
  [SYMLINK_MODE]: 'symlink',
  [SUBMODULE_MODE]: 'submodule',
}

function presentEntry(
  { world, repository }: RepositoryCall,
  entry: PathEntry,
  ref: string,
  content: Buffer | undefined,
): Json {
  const type = KINDS[entry.mode] ?? 'file'
  const path = entry.path.split('/').map(encodeURIComponent).join('/')
  const self = repositoryUrl(world, repository, `/contents/${path}?ref=${encodeURIComponent(ref)}`)
  const git = repositoryUrl(world, repository, `/git/${type === 'dir' ? 'trees' : 'blobs'}/${entry.sha}`)
  const html = repositoryPage(world, repository, `/${type === 'dir' ? 'tree' : 'blob'}/${ref}/${path}`)
  const size = content?.length ?? 0
  if (size > SIZE_LIMIT) throw new Refused(403, 'This API returns blobs up to 100 MB in size.')
  const shows = type === 'file' && content !== undefined && size <= CONTENT_LIMIT
  return {
    name: entry.name,
    path: entry.path,
    sha: entry.sha,
    size,
    url: self,
    html_url: html,
    git_url: git,
    download_url: type === 'file' ? repositoryPage(world, repository, `/raw/${ref}/${path}`) : null,
    type,
    ...(type === 'file'
      ? { content: shows ? inLines(content) : '', encoding: shows ? 'base64' : 'none' }
      : {}),
    ...(type === 'symlink' ? { target: content?.toString() ?? '' } : {}),
    ...(type === 'submodule' ? { submodule_git_url: git } : {}),
    _links: { self, git, html },
  }
}

/** GitHub breaks base64 into lines of sixty characters. */
function inLines(content: Buffer): string {
  return content
    .toString('base64')
    .replace(/(.{60})(?!$)/g, '$1\n')
    .concat('\n')
}

async function putContents(call: RepositoryCall): Promise<Answer> {
  const input = call.input('Content')
  const content = Buffer.from(input.string('content'), 'base64')
  const sha = await call.repository.git.writeBlob(content)
  return commitChange(
    call,
    input,
    (existing) => {
      const wanted = input.optionalString('sha')
      if (existing?.mode === TREE_MODE) throw invalid('Content', 'path', 'invalid', 'path is a folder')
      if (existing && wanted === undefined)
        throw new Refused(422, `Invalid request.\n\n"sha" wasn't supplied.`)
      if (existing && existing.sha !== wanted) throw outdated(call.param('path'), wanted)
      if (!existing && wanted !== undefined) throw outdated(call.param('path'), wanted)
      return { mode: existing?.mode ?? FILE_MODE, sha }
    },
    content,
  )
}

function deleteContents(call: RepositoryCall): Promise<Answer> {
  const input = call.input('Content')
  return commitChange(
    call,
    input,
    (existing) => {
      const wanted = input.string('sha')
      if (!existing || existing.mode === TREE_MODE) throw notFound()
      if (existing.sha !== wanted) throw outdated(call.param('path'), wanted)
      return undefined
    },
    undefined,
  )
}

function outdated(path: string, sha: string | undefined): Refused {
  return new Refused(409, `${path} does not match ${sha}`)
}

function commitChange(
  call: RepositoryCall,
  input: Input,
  change: (existing: PathEntry | undefined) => TreeChange,
  content: Buffer | undefined,
): Promise<Answer> {
  const { world, repository } = call
  const actor = named(call.actor)
  const path = call.param('path')
  const message = input.text('message')
  if (!isValidPath(path))
    throw invalid('Content', 'path', 'invalid', 'path contains a malformed path component')
  const branch = input.optionalString('branch') ?? repository.defaultBranch
  const ref = `refs/heads/${branch}`
  return repository.lock.run(async () => {
    const before = await repository.git.refSha(ref)
    if (before === undefined) throw new Refused(404, `Branch ${branch} not found`)
    const parent = await repository.git.commitOrFail(before)
    const existing = await findPath(repository.git, parent.tree, path)
    const wish = change(existing)
    if (isProtected(repository, ref)) throw ruleViolation(409)
    const tree = await changeTree(repository.git, parent.tree, new Map([[path, wish]]))
    const after = await repository.git.writeCommit({
      tree,
      parents: [before],
      message,
      ...signatures(world, actor, input),
    })
    if (isSignedByGitHub(actor, input)) world.signedCommits.add(after)
    if (!(await moveRef(world, repository, { ref, before, after, actor: actor.user })))
      throw outdated(path, before)
    const commit = await repository.git.commitOrFail(after)
    const entry = wish && (await findPath(repository.git, tree, path))
    const shown = entry ? presentEntry(call, entry, branch, content) : null
    return {
      status: existing ? 200 : 201,
      body: { content: shown, commit: presentGitCommit(world, repository, commit) },
    }
  })
}

export function ruleViolation(status: 409 | 422): Refused {
  return new Refused(
    status,
    'Repository rule violations found\n\nChanges must be made through a pull request.\n\n',
  )
}

/** Whoever calls is author and committer, unless the body names others: anyone may claim any name. */
export function signatures(
  world: World,
  actor: NamedActor,
  input: Input,
): Pick<Commit, 'author' | 'committer'> {
  const now = world.clock.now()
  const self = identityOf(actor.user, now)
  const author = customIdentity(input, 'author', now)
  const committer = customIdentity(input, 'committer', now)
  const byGitHub = isSignedByGitHub(actor, input) ? gitHubIdentity(now) : undefined
  return { author: author ?? committer ?? self, committer: committer ?? byGitHub ?? author ?? self }
}

/** GitHub signs what an app commits, and only where no name was given. */
export function isSignedByGitHub(actor: NamedActor, input: Input): boolean {
  return (
    actor.kind === 'installation' && !['author', 'committer', 'signature'].some((field) => input.has(field))
  )
}

function customIdentity(input: Input, field: string, now: number): Identity | undefined {
  const given = input.object(field)
  if (!given) return undefined
  const at = given.optionalDate('date') ?? now
  return { name: given.text('name'), email: given.text('email'), seconds: Math.floor(at / 1000) }
}
