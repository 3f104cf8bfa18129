/** Clone, fetch and push over HTTP: `git http-backend`, with GitHub's access checks in front and its events behind. */
import type { IncomingMessage } from 'node:http'
import { readBody } from '../http.ts'
import type { Reply } from '../reply.ts'
import { canSee, demand } from './access.ts'
import type { Actor, Credentials } from './auth.ts'
import { mergeWhatIsDue } from './auto-merge.ts'
import { Refused } from './failure.ts'
import type { Gate } from './gate.ts'
import { NO_OBJECT, type Ref } from './git.ts'
import { PROTECTED_REFS } from './pre-receive.ts'
import { repositoryPage } from './present-repository.ts'
import { protectedRefs } from './protection.ts'
import { refMoved } from './ref-moves.ts'
import { formerlyNamed } from './router.ts'
import { runInShell } from './shell.ts'
import { fullName, type Repository, repositoryKey, type User, type World } from './world.ts'

const LARGEST_PUSH = 256 * 1024 * 1024

export interface GitRequest {
  readonly owner: string
  readonly name: string
  /** Below the repository: `/info/refs` and the like. */
  readonly path: string
}

export function gitRequest(pathname: string): GitRequest | undefined {
  const [, owner, name, path] =
    /^\/([^/]+)\/([^/]+?)(?:\.git)?(\/info\/refs|\/git-upload-pack|\/git-receive-pack)$/.exec(pathname) ?? []
  return owner && name && path
    ? { owner: decodeURIComponent(owner), name: decodeURIComponent(name), path }
    : undefined
}

interface GitCall {
  readonly world: World
  readonly repository: Repository
  readonly actor: Actor
  readonly request: IncomingMessage
  readonly query: string
  readonly path: string
  readonly writes: boolean
}

interface GitServer {
  readonly world: World
  readonly gate: Gate
  readonly credentials: Credentials
}

/** Answers; `admitCaller` learns who called, and may refuse. */
export async function serveGit(
  { world, gate, credentials }: GitServer,
  wanted: GitRequest,
  request: IncomingMessage,
  reply: Reply,
  admitCaller: (actor: Actor) => Promise<void>,
): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', world.url)
    const writes =
      wanted.path === '/git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack'
    const actor = credentials.identify(request.headers.authorization)
    await admitCaller(actor)
    const repository = admit(world, actor, wanted, writes)
    if (repositoryKey(wanted.owner, wanted.name) !== fullName(repository).toLowerCase()) {
      const location = `${repositoryPage(world, repository)}.git${wanted.path}${url.search}`
      throw new Refused(301, 'Moved Permanently', undefined, { location })
    }
    const call = { world, repository, actor, request, query: url.search.slice(1), path: wanted.path, writes }
    const body = await readBody(request, LARGEST_PUSH)
    const pushes = wanted.path === '/git-receive-pack'
    const answer = await gate.pass(() =>
      pushes ? repository.lock.run(() => push(call, body)) : runBackend(call, body),
    )
    if (pushes) await gate.pass(() => mergeWhatIsDue(world))
    reply.send(answer.status, answer.headers, answer.body)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const headers: Record<string, string> =
      error.status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {}
    reply.send(
      error.status,
      { 'content-type': 'text/plain', ...headers, ...error.headers },
      `${error.message}\n`,
    )
  }
}

function admit(world: World, actor: Actor, { owner, name }: GitRequest, writes: boolean): Repository {
  const key = repositoryKey(owner, name)
  const repository = world.repositories.get(key) ?? formerlyNamed(world, key)
  const visible = repository && canSee(world, repository, actor)
  // Git asks for a password only after a 401, so nobody who is unknown learns what exists.
  if (actor.kind === 'anonymous' && (!visible || writes)) throw new Refused(401, 'Authentication required')
  if (!visible) throw new Refused(404, 'Repository not found.')
  const access = writes ? 'write' : 'read'
  demand(world, repository, actor, { app: [{ name: 'contents', access }], user: access })
  return repository
}

/** The refs before and after tell what the push did, whichever way it was asked for. */
async function push(call: GitCall, body: Buffer): Promise<BackendAnswer> {
  const { world, repository, actor } = call
  const before = await repository.git.refs('refs/heads', 'refs/tags')
  const answer = await runBackend(call, body).finally(() => repository.git.forgetRefs())
  const after = await repository.git.refs('refs/heads', 'refs/tags')
  for (const move of movesBetween(before, after)) {
    await refMoved(world, repository, { ...move, actor: pusher(actor) })
  }
  return answer
}

function pusher(actor: Actor): User {
  if (actor.kind === 'user' || actor.kind === 'installation') return actor.user
  throw new Error('a push was let in without a person or an app behind it')
}

function movesBetween(before: readonly Ref[], after: readonly Ref[]) {
  const old = new Map(before.map(({ name, sha }) => [name, sha]))
  const now = new Map(after.map(({ name, sha }) => [name, sha]))
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((ref) => ({ ref, before: old.get(ref) ?? NO_OBJECT, after: now.get(ref) ?? NO_OBJECT }))
    .filter((move) => move.before !== move.after)
}

interface BackendAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: Buffer
}

async function runBackend(call: GitCall, body: Buffer): Promise<BackendAnswer> {
  const { repository, request, query, path, writes } = call
  const header = (name: string) => String(request.headers[name] ?? '')
  const environment = {
    GIT_PROJECT_ROOT: repository.git.directory,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: path,
    REQUEST_METHOD: request.method ?? 'GET',
    QUERY_STRING: query,
    CONTENT_TYPE: header('content-type'),
    CONTENT_LENGTH: String(body.length),
    HTTP_CONTENT_ENCODING: header('content-encoding'),
    GIT_PROTOCOL: header('git-protocol'),
    // http-backend lets in whoever has a name, to read and to push.
    ...(writes ? { REMOTE_USER: 'authenticated' } : {}),
    [PROTECTED_REFS]: protectedRefs(repository).join(' '),
  }
  const { stdout } = await runInShell('/', ['git', 'http-backend'], { input: body, environment })
  return parseCgi(stdout)
}

function parseCgi(output: Buffer): BackendAnswer {
  const end = output.indexOf('\r\n\r\n')
  if (end < 0) throw new Error('git http-backend answered nothing')
  const headers: Record<string, string> = {}
  let status = 200
  for (const line of output.subarray(0, end).toString().split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (name === 'status') status = Number.parseInt(value, 10)
    else headers[name] = value
  }
  return { status, headers, body: output.subarray(end + 4) }
}
