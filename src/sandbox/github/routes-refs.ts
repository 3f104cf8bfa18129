/** Refs: read, list, create, move, delete; the branch rules hold here as for a push. */
import { reads } from './access.ts'
import { notFound, Refused } from './failure.ts'
import { NO_OBJECT } from './git.ts'
import { paginate } from './pages.ts'
import { presentRef } from './present-commit.ts'
import { isProtected } from './protection.ts'
import { moveRef, type RefMove } from './ref-moves.ts'
import { isSha } from './revisions.ts'
import { type Answer, named, type RepositoryCall, type Route, repositoryRoute } from './router.ts'
import { ruleViolation } from './routes-contents.ts'
import { fullRefName, GIT_WRITE } from './routes-git.ts'

export const refRoutes: Route[] = [
  repositoryRoute('GET', '/git/ref/*ref', reads('contents'), getRef),
  // Its address of before, which older clients still ask for.
  repositoryRoute('GET', '/git/refs/*ref', reads('contents'), getRef),
  repositoryRoute('GET', '/git/matching-refs/*ref', reads('contents'), matchingRefs),
  repositoryRoute('POST', '/git/refs', GIT_WRITE, createRef),
  repositoryRoute('PATCH', '/git/refs/*ref', GIT_WRITE, updateRef),
  repositoryRoute('DELETE', '/git/refs/*ref', GIT_WRITE, deleteRef),
]

async function getRef({ world, repository, param }: RepositoryCall): Promise<Answer> {
  const ref = fullRefName(param('ref'))
  const sha = await repository.git.refSha(ref)
  const object = sha === undefined ? undefined : await repository.git.info(sha)
  if (!object) throw notFound()
  return { status: 200, body: presentRef(world, repository, ref, object.sha, object.type) }
}

async function matchingRefs({ world, repository, param, query }: RepositoryCall): Promise<Answer> {
  const prefix = `refs/${param('ref').replace(/^refs\//, '')}`
  const refs = (await repository.git.refs('refs/heads', 'refs/tags')).filter(({ name }) =>
    name.startsWith(prefix),
  )
  const { items, page } = paginate(refs, query)
  return { status: 200, body: items.map(({ name, sha }) => presentRef(world, repository, name, sha)), page }
}

function createRef(call: RepositoryCall): Promise<Answer> {
  const input = call.input('Reference')
  const given = input.text('ref')
  if (!given.startsWith('refs/')) throw new Refused(422, 'Reference name must start with refs/')
  const ref = fullRefName(given)
  const sha = input.text('sha')
  return moved(call, ref, async (before) => {
    if (before !== NO_OBJECT) throw new Refused(422, 'Reference already exists')
    await checkTarget(call, sha)
    return sha
  })
}

function updateRef(call: RepositoryCall): Promise<Answer> {
  const input = call.input('Reference')
  const ref = fullRefName(call.param('ref'))
  const sha = input.text('sha')
  const force = input.optionalBoolean('force') ?? false
  return moved(call, ref, async (before) => {
    if (before === NO_OBJECT) throw new Refused(422, 'Reference does not exist')
    await checkTarget(call, sha)
    if (!force && !(await call.repository.git.isAncestor(before, sha))) {
      throw new Refused(422, 'Update is not a fast forward')
    }
    return sha
  })
}

async function deleteRef(call: RepositoryCall): Promise<Answer> {
  const ref = fullRefName(call.param('ref'))
  await moved(call, ref, async (before) => {
    if (before === NO_OBJECT) throw new Refused(422, 'Reference does not exist')
    if (ref === `refs/heads/${call.repository.defaultBranch}`)
      throw new Refused(422, 'Cannot delete the default branch')
    return NO_OBJECT
  })
  return { status: 204 }
}

/** Moves a ref to where `decide` says, in one step with looking where it was. */
function moved(
  call: RepositoryCall,
  ref: string,
  decide: (before: string) => Promise<string>,
): Promise<Answer> {
  const { world, repository } = call
  const actor = named(call.actor)
  if (!/^refs\/(heads|tags)\//.test(ref)) throw new Refused(422, 'Reference cannot be updated')
  return repository.lock.run(async () => {
    const before = (await repository.git.refSha(ref)) ?? NO_OBJECT
    const after = await decide(before)
    if (isProtected(repository, ref)) throw ruleViolation(422)
    if (after !== before) {
      const move: RefMove = { ref, before, after, actor: actor.user }
      if (!(await moveRef(world, repository, move))) throw new Refused(409, 'Reference cannot be updated')
    }
    if (after === NO_OBJECT) return { status: 204 }
    const body = presentRef(world, repository, ref, after)
    return before === NO_OBJECT
      ? { status: 201, body, headers: { location: String(body.url) } }
      : { status: 200, body }
  })
}

async function checkTarget({ repository }: RepositoryCall, sha: string): Promise<void> {
  if (!isSha(sha) || (await repository.git.info(sha))?.type !== 'commit')
    throw new Refused(422, 'Object does not exist')
}
