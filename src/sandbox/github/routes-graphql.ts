/** What GitHub offers by GraphQL only, and is needed here: auto-merge, on and off. */
import { demand, type Need } from './access.ts'
import { enableAutoMerge } from './auto-merge.ts'
import { Refused } from './failure.ts'
import { type Field, GraphQlError, readMutation, select, type Value } from './graphql.ts'
import { nodeId, timestamp } from './present-account.ts'
import { disableAutoMerge } from './pulls.ts'
import { type Answer, type Call, named, type Route, route } from './router.ts'
import { type PullIssue, pullsOf, type Repository } from './world.ts'

/** On GitHub Enterprise it lies beside the REST API: `/api/graphql`. */
export const graphQlRoutes: Route[] = [route('POST', '/graphql', answer)]

const SWITCH: Need = {
  app: [{ name: 'pull_requests', access: 'write' }],
  user: 'write',
}

async function answer(call: Call): Promise<Answer> {
  named(call.actor)
  const input = call.input('GraphQL')
  const variables = input.object('variables')
  const values = Object.fromEntries(
    variables?.keys().map((name) => [name, variables.raw(name) as Value]) ?? [],
  )
  const fields = readMutation(input.text('query'), values)
  const data: Record<string, unknown> = {}
  for (const field of fields) {
    try {
      data[field.alias] = select(await mutate(call, field), field.selection)
    } catch (error) {
      return { status: 200, body: { data: { [field.alias]: null }, errors: [problem(error, field)] } }
    }
  }
  return { status: 200, body: { data } }
}

function problem(error: unknown, { alias }: Field) {
  if (error instanceof GraphQlError)
    return { type: error.type, path: [alias], message: error.message, locations: [{ line: 1, column: 1 }] }
  if (error instanceof Refused && error.status !== 401)
    return { type: error.status === 404 ? 'NOT_FOUND' : 'FORBIDDEN', path: [alias], message: error.message }
  throw error
}

async function mutate(call: Call, { name, input }: Field): Promise<Record<string, unknown>> {
  const { world } = call
  const actor = named(call.actor)
  const { repository, issue } = findPull(call, input.pullRequestId)
  demand(world, repository, actor, SWITCH)
  await repository.lock.run(async () => {
    switch (name) {
      case 'enablePullRequestAutoMerge': {
        const { expectedHeadOid = null } = input
        if (expectedHeadOid !== null && expectedHeadOid !== issue.pull.head.sha)
          throw new GraphQlError('Head sha is not what was expected')
        const title = text(input.commitHeadline)
        const message = text(input.commitBody)
        await enableAutoMerge(world, repository, issue, actor, {
          method: method(input.mergeMethod),
          title,
          message,
        })
        return
      }
      case 'disablePullRequestAutoMerge':
        return disableAutoMerge(world, repository, issue, actor.user)
      default:
        throw new GraphQlError(`Field '${name}' doesn't exist on type 'Mutation' of the sandbox`)
    }
  })
  return {
    clientMutationId: text(input.clientMutationId),
    actor: { login: actor.user.login },
    pullRequest: presentForGraphQl(issue),
  }
}

function findPull({ world }: Call, id: Value | undefined): { repository: Repository; issue: PullIssue } {
  for (const repository of world.repositories.values()) {
    for (const issue of pullsOf(repository)) {
      if (nodeId('PullRequest', issue.pull.id) === id) return { repository, issue }
    }
  }
  throw new GraphQlError(`Could not resolve to a node with the global id of '${String(id)}'`, 'NOT_FOUND')
}

const METHODS = { MERGE: 'merge', SQUASH: 'squash', REBASE: 'rebase' } as const

function method(value: Value | undefined) {
  if (value === undefined || value === null) return 'merge'
  if (value === 'MERGE' || value === 'SQUASH' || value === 'REBASE') return METHODS[value]
  throw new GraphQlError(`'${String(value)}' is no merge method`)
}

function text(value: Value | undefined): string | null {
  return typeof value === 'string' ? value : null
}

function presentForGraphQl({ number, title, pull }: PullIssue): Record<string, unknown> {
  const { autoMerge } = pull
  return {
    id: nodeId('PullRequest', pull.id),
    number,
    title,
    autoMergeRequest: autoMerge
      ? {
          enabledAt: timestamp(autoMerge.at),
          enabledBy: { login: autoMerge.by.login },
          mergeMethod: autoMerge.method.toUpperCase(),
          commitHeadline: autoMerge.title,
          commitBody: autoMerge.message,
        }
      : null,
  }
}
