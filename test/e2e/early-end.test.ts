import { DeleteRolePolicyCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseReceipt, verifyReceipt } from '../../src/core/receipt.ts'
import type { AwsKeys } from '../../src/sandbox/ready.ts'
import { named } from '../../src/sandbox/tour-people.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const NOVEMBER = 'exports/2026/11/orders.csv'

let world: TestWorld
let repository: string

beforeAll(async () => {
  world = await startWorld()
  // Here everybody who can write can push to main.
  repository = world.repositories.unprotected
})

afterAll(() => world.close())

const grant = (name: string) =>
  world.grant({ login: 'alice' }, repository, `${FOLDER}/${name}.yaml`, requestYaml({ duration: '4h' }))

async function sessionOf(request: MergedRequest): Promise<AwsKeys> {
  const session = await world.assume('alice', (await world.roleOf(request)) ?? '', 4 * 3600)
  if (session.kind === 'denied') throw new Error('alice is not let in')
  return session.value
}

const reads = async (keys: AwsKeys) => (await world.read(keys, 'customer-exports', NOVEMBER)).kind

async function say(login: string, { pull }: MergedRequest, body: string): Promise<number> {
  const { data } = await world
    .github(login)
    .issues.createComment({ ...named(repository), issue_number: pull, body })
  return data.id
}

async function actionsOf(request: MergedRequest): Promise<string> {
  const check = await world.grantCheck(request)
  return `${world.ready.github.url}/${repository}/runs/${check?.id}/actions`
}

async function buttons(request: MergedRequest): Promise<readonly string[]> {
  const { data } = await world.github('alice').request(`GET ${await actionsOf(request)}`)
  return data.actions.map(({ label }: { readonly label: string }) => label)
}

async function press(login: string, request: MergedRequest): Promise<void> {
  const response = await fetch(await actionsOf(request), {
    method: 'POST',
    headers: { authorization: `Bearer ${world.ready.github.tokens[login]}` },
    body: JSON.stringify({ identifier: 'end-access' }),
  })
  expect(response.status).toBe(202)
}

describe('whom the access was for writes /daypass revoke', () => {
  let returned: MergedRequest
  let other: MergedRequest
  let role: string
  let sessions: { readonly returned: AwsKeys; readonly other: AwsKeys }

  beforeAll(async () => {
    returned = await grant('given-back')
    other = await grant('goes-on')
    role = (await world.roleOf(returned)) ?? ''
    sessions = { returned: await sessionOf(returned), other: await sessionOf(other) }
    expect(await reads(sessions.returned)).toBe('allowed')
    await say('alice', returned, '/daypass revoke\n\nFound it, thank you.')
    await world.settled()
  })

  test('her session is denied at once, and she is not let in again', async () => {
    expect(await reads(sessions.returned)).toBe('denied')
    expect((await world.assume('alice', role)).kind).toBe('denied')
  })

  test('the same person and bucket of another request goes on', async () => {
    expect(await reads(sessions.other)).toBe('allowed')
  })

  test('the file is taken out by a commit that says who ended it, signed', async () => {
    expect(await world.fileOnMain(repository, returned.path)).toBeUndefined()
    const [message = ''] = await world.removals(repository, returned.path)
    expect(parseReceipt(message)).toMatchObject({
      endedBecause: 'given-back',
      endedBy: { login: 'alice' },
      roleArn: role,
    })
    expect(verifyReceipt(message, [world.receiptKey])).toBe('signed')
  })

  test('the comment and the record say so, and the button is gone', async () => {
    expect(await world.comment(returned)).toContain('because it was given back early by alice')
    const check = await world.grantCheck(returned)
    expect(check).toMatchObject({ status: 'completed', conclusion: 'neutral' })
    expect(check?.output.title).toContain('given back early by alice')
    expect(await buttons(returned)).toEqual([])
    expect(await buttons(other)).toEqual(['End access now'])
  })

  test('it stays ended: nobody gets in by putting the file back', async () => {
    await world.commit('mallory', repository, 'main', {
      [returned.path]: requestYaml({ duration: '4h' }),
    })
    await world.settled()

    expect((await world.assume('alice', role)).kind).toBe('denied')
    expect(await reads(sessions.returned)).toBe('denied')
  })

  test('she is denied within the hour also where somebody takes the denial off the role', async () => {
    const RoleName = role.split('/').at(-1)
    const denial = { RoleName, PolicyName: 'daypass-ended' }
    await world.iam('root').send(new DeleteRolePolicyCommand(denial))
    expect(await reads(sessions.returned)).toBe('allowed')
    await world.advance('61m')
    await world.settled()

    expect(await reads(sessions.returned)).toBe('denied')
  })

  test('the role is gone when its window is over, and all still say who ended it', async () => {
    await world.setClock(new Date(returned.mergedAt + 4 * 3_600_000).toISOString())
    await world.settled()

    expect(await world.role(role)).toBeUndefined()
    expect(await world.comment(returned)).toContain('because it was given back early by alice')
  })
})

describe('somebody who may not', () => {
  let request: MergedRequest
  let keys: AwsKeys

  beforeAll(async () => {
    request = await grant('stays')
    keys = await sessionOf(request)
    await say('mallory', request, '/daypass revoke')
    const edited = await say('olivia', request, 'Is this still needed?')
    await world.advance('1m')
    await world.github('mallory').issues.updateComment({
      ...named(repository),
      comment_id: edited,
      body: '/daypass revoke',
    })
    await say('alice', request, '> /daypass revoke\n\nI still need it.')
    await press('mallory', request)
    await world.settled()
  })

  test('ends nothing by comment, by editing the comment of an owner, or by the button', async () => {
    expect(await reads(keys)).toBe('allowed')
    expect(await world.fileOnMain(repository, request.path)).toBeDefined()
  })

  test('is refused where everybody sees it', async () => {
    const comment = await world.comment(request)
    expect(comment).toContain('mallory asked to end this access: only whom the access is for')
    expect(comment).toContain('olivia asked to end this access: that comment was edited')
    expect(comment).not.toContain('alice asked to end')
  })

  test('an owner ends it by the button, at once', async () => {
    await press('olivia', request)
    await world.settled()

    expect(await reads(keys)).toBe('denied')
    expect(await world.comment(request)).toContain('because it was ended early by olivia')
    expect(await world.fileOnMain(repository, request.path)).toBeUndefined()
  })
})

test('a press of the button while AWS can not be read ends access once it can', async () => {
  const request = await grant('pressed-unread')
  const keys = await sessionOf(request)
  // What the app wrote just now it need not find in the list.
  await world.advance('6m')
  await world.settled()
  const fault = { kind: 'status', status: 400, code: 'OutOfOrder' }
  await world.order({ service: 'aws', caller: 'app', action: 'iam:ListRoles', fault })
  await press('alice', request)
  await world.settled()
  expect(await reads(keys)).toBe('allowed')

  await world.clearFaults()
  await world.advance('20s')
  await world.settled()
  expect(await reads(keys)).toBe('denied')
  expect(await world.comment(request)).toContain('because it was given back early by alice')
})

test('a press of the button while the app is down ends access as soon as it is up again', async () => {
  const request = await grant('pressed-unheard')
  const keys = await sessionOf(request)
  await world.app('stop')
  await press('mallory', request)
  await press('alice', request)
  await world.app('start')
  await world.settled()

  expect(await reads(keys)).toBe('denied')
  expect(await world.comment(request)).toContain('because it was given back early by alice')
})

test('a press of the button that is lost on the way ends access at the next sweep', async () => {
  const request = await grant('pressed-lost')
  const keys = await sessionOf(request)
  await world.deliver('none')
  await press('alice', request)
  await world.deliver('normal')
  await world.settled()
  expect(await reads(keys)).toBe('allowed')

  await world.advance('6m')
  await world.settled()
  expect(await reads(keys)).toBe('denied')
  expect(await world.comment(request)).toContain('because it was given back early by alice')
})

test.each(['alice', 'olivia'])(
  'a branch that can not be read whole keeps %s from nothing: /daypass revoke ends access in AWS',
  async (login) => {
    const request = await grant(`unread-${login}`)
    const session = await sessionOf(request)
    await world.commit('mallory', repository, 'main', { [`many-${login}.md`]: 'Too much of it\n' })
    await world.settled()
    const fault = { kind: 'status', status: 403 }
    // The folder of the requests alone: owners and rules lie elsewhere.
    await world.order({ service: 'github', caller: 'app', path: '/repos/*/git/blobs/*', fault })
    const added = `${FOLDER}/more-${login}.yaml`
    await world.commit('mallory', repository, 'main', {
      [added]: requestYaml({ reason: `For ${login} alone` }),
    })
    await say(login, request, '/daypass revoke')
    await world.settled()

    expect(await reads(session)).toBe('denied')
    await world.clearFaults()
    await world.advance('20s')
    await world.settled()
    expect(await world.comment(request)).toContain(
      login === 'alice' ? 'given back early by alice' : 'ended early by olivia',
    )
  },
)

test('a push of more requests than are read keeps nobody from /daypass revoke', async () => {
  const request = await grant('among-many')
  const session = await sessionOf(request)
  // To read any of them would use up what GitHub lets the app ask in an hour.
  await world.order({
    service: 'github',
    caller: 'app',
    path: '/repos/*/git/blobs/*',
    fault: { kind: 'throttle' },
  })
  const many = Array.from({ length: 1001 }, (_, index) => `${FOLDER}/many-${index}.yaml`)
  const files = Object.fromEntries(many.map((path) => [path, requestYaml({ reason: `For ${path}` })]))
  await world.commit('mallory', repository, 'main', files)
  await say('olivia', request, '/daypass revoke')
  await world.settled()

  expect(await reads(session)).toBe('denied')
  expect(await world.appLog()).toContain('no more than 1000')
  await world.clearFaults()
  await world.commit('root', repository, 'main', Object.fromEntries(many.map((path) => [path, null])))
  await world.settled()
  expect(await world.comment(request)).toContain('ended early by olivia')
})

test('who takes the file off ends access, though the branch is forced back before anybody looks', async () => {
  const request = await grant('there-and-back')
  const session = await sessionOf(request)
  const at = { ...named(repository), ref: 'heads/main' }
  const { data } = await world.github('mallory').git.getRef(at)
  const fault = { kind: 'status', status: 403 }
  await world.order({ service: 'github', caller: 'app', path: '/repos/*/git/ref/*', fault })
  await world.commit('olivia', repository, 'main', { [request.path]: null })
  await world.settled()
  await world.github('mallory').git.updateRef({ ...at, sha: data.object.sha, force: true })
  await world.settled()
  expect(await reads(session)).toBe('allowed')

  await world.clearFaults()
  await world.advance('20s')
  await world.settled()

  expect(await reads(session)).toBe('denied')
  expect(await world.comment(request)).toContain('Access ended at')
})

test('what was given back before the app saw its merge is ended in the look that gives it', async () => {
  await world.app('kill')
  const path = `${FOLDER}/never-mind.yaml`
  const opened = await world.openRequest('alice', repository, path, requestYaml({ duration: '4h' }))
  await world.approve('olivia', opened)
  const request = { ...opened, ...(await world.merge('olivia', opened)) }
  await say('alice', request, '/daypass revoke')
  const before = new Set(await world.roles())
  // Of what it writes itself, no event is to remind it.
  const silent = world.endAfter(
    'stop',
    ({ method, path, status }) => method === 'POST' && path.endsWith('/comments') && status === 201,
  )
  await world.app('start')
  await silent

  const [role = ''] = (await world.roles()).filter((arn) => !before.has(arn))
  expect(await world.assume('alice', role)).toMatchObject({ kind: 'denied' })
  expect(await world.comment(request)).toContain('given back early by alice')
  await world.app('start')
  await world.settled()
})
