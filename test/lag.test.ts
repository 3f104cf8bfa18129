/** GitHub and IAM answer for a while as things were: nothing is ended for that, and what was ended is not ended anew. */
import { type IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { afterAll, expect, test } from 'vitest'
import { createGrantWriter } from '../src/aws/grant-writer.ts'
import { named } from '../src/sandbox/tour-people.ts'
import { account, grantFor } from './core/samples.ts'
import { rolesOf } from './proof/simulation/world.ts'
import type { App, Fetch, Place, Stage } from './proof/stage.ts'
import { createStages } from './proof/stages.ts'
import { requestYaml } from './support/world.ts'

const PATH = 'access-requests/prod/customer-exports/alice.yaml'
const NOVEMBER = 'exports/2026/11/orders.csv'

const stages = createStages(4)
afterAll(() => stages.close())

async function grant({ stage, place, app }: Scene) {
  const request = await stage.openRequest('alice', place.name, PATH, requestYaml({ duration: '4h' }))
  await app.look()
  await stage.approve('olivia', request)
  await stage.merge('olivia', request)
  expect(await app.look()).toEqual([])
  return request
}

interface Scene {
  readonly stage: Stage
  readonly place: Place
  readonly app: App
}

async function reads({ stage, place }: Scene): Promise<boolean> {
  const [role = ''] = await rolesOf(stage, place)
  const session = await stage.assume('alice', role)
  if (session.kind === 'denied') return false
  return (await stage.read(session.value, 'customer-exports', NOVEMBER)).kind === 'allowed'
}

async function mainOf({ stage, place }: Scene): Promise<string> {
  const { data } = await stage.github('root').git.getRef({ ...named(place.name), ref: 'heads/main' })
  return data.object.sha
}

/** While `stale` names a commit, GitHub tells that the branch is there. */
function lagging(stale: { at?: string }) {
  return (fetch: Fetch): Fetch =>
    async (url, options) => {
      const answer = await fetch(url, options)
      if (stale.at === undefined || !String(url).endsWith('/git/ref/heads%2Fmain')) return answer
      const object = { type: 'commit', sha: stale.at, url: 'https://api.github.com' }
      return Response.json({ ref: 'refs/heads/main', node_id: 'x', url: 'https://api.github.com', object })
    }
}

test('a branch that GitHub tells of as it was before the merge ends nothing, unless it goes on telling so', async () => {
  const { stage, place } = await stages.next()
  const stale: { at?: string } = {}
  const scene = { stage, place, app: stage.startApp(place, 0, lagging(stale)) }
  const before = await mainOf(scene)
  await grant(scene)

  stale.at = before
  expect(await scene.app.look()).toEqual([expect.stringMatching(/as it was before the merge of #1/)])
  expect(await reads(scene)).toBe(true)
  delete stale.at
  expect(await scene.app.look()).toEqual([])
  expect(await reads(scene)).toBe(true)

  stale.at = before
  await scene.app.look()
  stage.setTime(stage.now() + 59)
  await scene.app.look()
  expect(await reads(scene)).toBe(true)
  stage.setTime(stage.now() + 1)
  await scene.app.look()
  expect(await reads(scene)).toBe(false)
})

test('a branch that was set back before the merge by force ends it at once', async () => {
  const { stage, place } = await stages.next()
  const scene = { stage, place, app: stage.startApp(place) }
  const before = await mainOf(scene)
  await grant(scene)
  stage.setTime(stage.now() + 10)
  await stage
    .github('root')
    .git.updateRef({ ...named(place.name), ref: 'heads/main', sha: before, force: true })
  scene.app.hearOfMoves()
  await scene.app.look()
  expect(await reads(scene)).toBe(false)
})

test('why access ended is told as it was, though IAM lists the role as open for a while', async () => {
  const { stage, place } = await stages.next()
  const scene = { stage, place, app: stage.startApp(place) }
  const { pull } = await grant(scene)
  stage.setTime(stage.now() + 600)
  expect(await scene.app.look()).toEqual([])
  const at = { ...named(place.name), issue_number: pull }
  await stage.github('alice').issues.createComment({ ...at, body: '/daypass revoke' })
  stage.delayIam(60_000)
  try {
    await scene.app.look()
    await scene.app.look()
  } finally {
    stage.delayIam(0)
  }
  stage.setTime(stage.now() + 120)
  await scene.app.look()
  const { data } = await stage.github('root').issues.listComments(at)
  const [told] = data.filter(({ user }) => user?.type === 'Bot')
  expect(told?.body).toContain('given back early by alice')
})

test('a role that IAM does not know of yet is not taken for gone when it is to be denied', async () => {
  const sent: string[] = []
  let unknown = 2
  const iam = {
    async send(command: object) {
      const { name } = command.constructor
      sent.push(name)
      if (command instanceof PutRolePolicyCommand && unknown-- > 0)
        throw Object.assign(new Error('not found'), { name: 'NoSuchEntityException' })
      return { Roles: [], AttachedPolicies: [], PolicyNames: [], IsTruncated: false }
    },
  } as unknown as IAMClient
  const writer = createGrantWriter({
    clients: { use: (_account, _repository, task) => task(iam) },
    sleep: async () => {},
    now: () => 0,
  })
  const { identity, roleName, rolePath, roleArn, blob, window } = grantFor()
  const state = { kind: 'live' } as const
  const standing = { identity, account: account.alias, roleName, rolePath, roleArn, blob, window, state }
  await writer.deny(account, standing, 0, 'given-back')
  expect(sent).toEqual([
    'PutRolePolicyCommand',
    'PutRolePolicyCommand',
    'PutRolePolicyCommand',
    'UpdateAssumeRolePolicyCommand',
  ])
})
