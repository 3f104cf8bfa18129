/** The git database: blobs, trees and commits as they are, and refs. */
import { type Need, reads } from './access.ts'
import { invalid, notFound, Refused } from './failure.ts'
import { isSafeRefName } from './git.ts'
import { FILE_MODE, SUBMODULE_MODE, TREE_MODE } from './git-objects.ts'
import { changeTree, isValidPath, type ListedEntry, listTree, type TreeChange } from './git-tree.ts'
import type { Input } from './input.ts'
import { type Json, nodeId } from './present-account.ts'
import { presentGitCommit } from './present-commit.ts'
import { repositoryUrl } from './present-repository.ts'
import { isSha, resolveCommit } from './revisions.ts'
import { type Answer, named, type RepositoryCall, type Route, repositoryRoute, wantsMedia } from './router.ts'
import { isSignedByGitHub, signatures } from './routes-contents.ts'
import type { Repository, World } from './world.ts'

export const GIT_WRITE: Need = { app: [{ name: 'contents', access: 'write' }], user: 'write', hidden: true }

/** GitHub cuts trees off at so many entries, or bytes. */
const MOST_ENTRIES = 100_000
const LARGEST_TREE = 7 * 1024 * 1024
const BLOB_LIMIT = 100 * 1024 * 1024

export const gitDatabaseRoutes: Route[] = [
  repositoryRoute('GET', '/git/trees/*sha', reads('contents'), getTree),
  repositoryRoute('POST', '/git/trees', GIT_WRITE, createTree),
  repositoryRoute('GET', '/git/blobs/:sha', reads('contents'), getBlob),
  repositoryRoute('POST', '/git/blobs', GIT_WRITE, createBlob),
  repositoryRoute('GET', '/git/commits/:sha', reads('contents'), async ({ world, repository, param }) => {
    const commit = isSha(param('sha')) ? await repository.git.commit(param('sha')) : undefined
    if (!commit) throw notFound()
    return { status: 200, body: presentGitCommit(world, repository, commit) }
  }),
  repositoryRoute('POST', '/git/commits', GIT_WRITE, createCommit),
]

async function getTree({ world, repository, param, query }: RepositoryCall): Promise<Answer> {
  const name = param('sha')
  const sha = (await resolveCommit(repository, name))?.tree ?? (isSha(name) ? name : undefined)
  if (sha === undefined || !(await repository.git.tree(sha))) throw notFound()
  // GitHub takes any value for yes, "0" and "false" too.
  const entries = await listTree(repository.git, sha, query.has('recursive'))
  const tree = cutOff(entries, (entry) => presentEntry(world, repository, entry))
  const url = repositoryUrl(world, repository, `/git/trees/${sha}`)
  return { status: 200, body: { sha, url, tree, truncated: tree.length < entries.length } }
}

function cutOff(entries: readonly ListedEntry[], present: (entry: ListedEntry) => Json): readonly Json[] {
  const shown: Json[] = []
  let bytes = 0
  for (const entry of entries.slice(0, MOST_ENTRIES)) {
    const next = present(entry)
    bytes += JSON.stringify(next).length
    if (bytes > LARGEST_TREE) break
    shown.push(next)
  }
  return shown
}

function presentEntry(
  world: World,
  repository: Repository,
  { path, mode, type, sha, size }: ListedEntry,
): Json {
  if (type === 'commit') return { path, mode, type, sha }
  const url = repositoryUrl(world, repository, `/git/${type}s/${sha}`)
  return { path, mode, type, sha, ...(size === undefined ? {} : { size }), url }
}

async function createTree(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call
  const input = call.input('Tree')
  const base = input.optionalString('base_tree')
  const baseTree = base === undefined ? undefined : await treeNamed(repository, base)
  const changes = new Map<string, TreeChange>()
  for (const item of input.objects('tree') ?? []) changes.set(...(await treeChange(repository, item)))
  if (changes.size === 0) throw invalid('Tree', 'tree', 'missing_field')
  const sha = await changeTree(repository.git, baseTree, changes)
  const entries = await listTree(repository.git, sha, false)
  const tree = entries.map((entry) => presentEntry(world, repository, entry))
  const url = repositoryUrl(world, repository, `/git/trees/${sha}`)
  return { status: 201, body: { sha, url, tree, truncated: false }, headers: { location: url } }
}

async function treeNamed({ git }: Repository, name: string): Promise<string> {
  const object = isSha(name) ? await git.read(`${name}^{tree}`) : undefined
  if (!object) throw new Refused(422, 'base_tree is not a valid tree oid')
  return object.sha
}

const MODES = [FILE_MODE, '100755', '040000', SUBMODULE_MODE, '120000'] as const

async function treeChange(repository: Repository, item: Input): Promise<[string, TreeChange]> {
  const path = item.string('path')
  if (!isValidPath(path))
    throw invalid('Tree', 'tree.path', 'invalid', 'tree.path contains a malformed path component')
  if (item.isNull('sha')) return [path, undefined]
  const mode = item.oneOf('mode', MODES)
  if (!mode) throw invalid('Tree', 'tree.mode', 'missing_field')
  const stored = mode === '040000' ? TREE_MODE : mode
  const content = item.optionalString('content')
  if (content !== undefined)
    return [path, { mode: stored, sha: await repository.git.writeBlob(Buffer.from(content)) }]
  const sha = item.string('sha')
  const object = isSha(sha) ? await repository.git.read(sha) : undefined
  const wanted = mode === '040000' ? 'tree' : 'blob'
  // A submodule's commit lies in another repository.
  if (!isSha(sha) || (mode !== SUBMODULE_MODE && object?.type !== wanted)) {
    throw invalid('Tree', 'tree.sha', 'invalid', `tree.sha ${sha} is not a valid ${wanted}`)
  }
  return [path, { mode: stored, sha }]
}

async function getBlob({ world, repository, param, accept }: RepositoryCall): Promise<Answer> {
  const sha = param('sha')
  const content = isSha(sha) ? await repository.git.blob(sha) : undefined
  if (!content) throw notFound()
  if (content.length > BLOB_LIMIT) throw new Refused(403, 'This API returns blobs up to 100 MB in size.')
  if (wantsMedia(accept, 'raw')) {
    return { status: 200, body: content, contentType: 'application/vnd.github.raw' }
  }
  return {
    status: 200,
    body: {
      sha,
      node_id: nodeId('Blob', sha),
      url: repositoryUrl(world, repository, `/git/blobs/${sha}`),
      size: content.length,
      content: content.toString('base64'),
      encoding: 'base64',
    },
  }
}

async function createBlob(call: RepositoryCall): Promise<Answer> {
  const input = call.input('Blob')
  const encoding = input.oneOf('encoding', ['utf-8', 'base64']) === 'base64' ? 'base64' : 'utf-8'
  const sha = await call.repository.git.writeBlob(Buffer.from(input.string('content'), encoding))
  const url = repositoryUrl(call.world, call.repository, `/git/blobs/${sha}`)
  return { status: 201, body: { sha, url }, headers: { location: url } }
}

async function createCommit(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call
  const actor = named(call.actor)
  const input = call.input('Commit')
  const { git } = repository
  const message = input.text('message')
  const tree = input.string('tree')
  if (!isSha(tree) || (await git.info(tree))?.type !== 'tree')
    throw new Refused(422, 'Tree SHA does not exist')
  const parents = input.strings('parents') ?? []
  for (const parent of parents) {
    if (!isSha(parent) || (await git.info(parent))?.type !== 'commit') {
      throw new Refused(422, 'Parent SHA does not exist or is not a commit object')
    }
  }
  const sha = await git.writeCommit({ tree, parents, message, ...signatures(world, actor, input) })
  if (isSignedByGitHub(actor, input)) world.signedCommits.add(sha)
  const body = presentGitCommit(world, repository, await git.commitOrFail(sha))
  return { status: 201, body, headers: { location: String(body.url) } }
}

/** A ref name from a path or a body, checked; `heads/x` and `refs/heads/x` mean the same. */
export function fullRefName(name: string): string {
  const full = name.startsWith('refs/') ? name : `refs/${name}`
  if (!isSafeRefName(full) || full.split('/').length < 3) throw new Refused(422, 'Reference name is invalid')
  return full
}
