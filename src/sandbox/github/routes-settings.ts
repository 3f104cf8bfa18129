/** What administrators change of a whole repository: its name, who may see it, auto-merge, and, of a fork, whether there is one. */
import type { Need } from './access.ts'
import { invalid, Refused } from './failure.ts'
import { presentFullRepository } from './present-repository.ts'
import { closePull } from './pulls.ts'
import { type Answer, named, type RepositoryCall, type Route, repositoryRoute } from './router.ts'
import { pullsOf, repositoryKey } from './world.ts'

const ADMINISTER: Need = { app: [{ name: 'administration', access: 'write' }], user: 'admin' }

export const settingsRoutes: Route[] = [
  repositoryRoute('PATCH', '', ADMINISTER, change),
  repositoryRoute('DELETE', '', ADMINISTER, remove),
]

const KNOWN = ['name', 'private', 'allow_auto_merge']

async function change(call: RepositoryCall): Promise<Answer> {
  const { world, repository, actor } = call
  const input = call.input('Repository')
  const unknown = input.keys().find((field) => !KNOWN.includes(field))
  if (unknown !== undefined)
    throw invalid('Repository', unknown, 'invalid', `the sandbox does not change ${unknown}`)
  const allowAutoMerge = input.optionalBoolean('allow_auto_merge')
  const isPrivate = input.optionalBoolean('private')
  const name = input.optionalString('name')
  if (name !== undefined && name !== repository.name) rename(call, name)
  if (isPrivate !== undefined) repository.private = isPrivate
  if (allowAutoMerge !== undefined) repository.allowAutoMerge = allowAutoMerge
  return { status: 200, body: presentFullRepository(world, repository, actor) }
}

/** The old name leads on to the new one until another repository takes it. */
function rename({ world, repository, actor }: RepositoryCall, name: string): void {
  if (!/^[\w.-]{1,100}$/.test(name) || name === '.' || name === '..')
    throw invalid('Repository', 'name', 'invalid')
  const from = repository.name
  const oldKey = repositoryKey(repository.owner.login, from)
  const newKey = repositoryKey(repository.owner.login, name)
  if (newKey !== oldKey && world.repositories.has(newKey))
    throw invalid('Repository', 'name', 'custom', 'name already exists on this account')
  world.repositories.delete(oldKey)
  repository.name = name
  world.repositories.set(newKey, repository)
  world.formerNames.delete(newKey)
  if (newKey !== oldKey) world.formerNames.set(oldKey, repository.id)
  const changes = { repository: { name: { from } } }
  const payload = { action: 'renamed', changes }
  world.emit({ name: 'repository', repository, sender: named(actor).user, payload })
}

/** Their commits stay where they were proposed; what was still open is closed. */
async function remove({ world, repository, actor }: RepositoryCall): Promise<Answer> {
  if (!repository.parent) throw new Refused(403, 'The sandbox deletes forks only.')
  const { user } = named(actor)
  for (const target of world.repositories.values()) {
    const from = pullsOf(target).filter(({ pull }) => pull.head.repository === repository)
    await target.lock.run(async () => {
      for (const issue of from) {
        issue.pull.head.repository = undefined
        if (issue.state === 'open') await closePull(world, target, issue, user)
      }
    })
  }
  world.repositories.delete(repositoryKey(repository.owner.login, repository.name))
  repository.git.close()
  return { status: 204 }
}
