import { AttachRolePolicyCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseReceipt, verifyReceipt } from '../../src/core/receipt.ts'
import { utc } from '../../src/core/report-words.ts'
import type { RestExchange } from '../../src/sandbox/github/exchange.ts'
import type { AwsKeys } from '../../src/sandbox/ready.ts'
import { named, type OpenedRequest } from '../../src/sandbox/tour-people.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const NOVEMBER = 'exports/2026/11/orders.csv'
/** As short as an hour allows: sessions last no longer. */
const WINDOW = 20 * 60
const LONGER = 45 * 60

let world: TestWorld

beforeAll(async () => {
  world = await startWorld()
})

afterAll(() => world.close())

const grant = (name: string, repository = world.repositories.unprotected, duration = '20m') =>
  world.grant({ login: 'alice' }, repository, `${FOLDER}/${name}.yaml`, requestYaml({ duration }))

/** Opens a pull request that changes the file of a request. */
async function change(
  request: MergedRequest,
  fields: Parameters<typeof requestYaml>[0],
  login = 'alice',
): Promise<OpenedRequest> {
  const { repository, path, pull } = request
  const opened = await world.propose(login, repository, {
    branch: `change-${pull}-${Object.values(fields)
      .join('-')
      .replaceAll(/[^a-z0-9]+/gi, '-')}`,
    files: { [path]: requestYaml(fields) },
  })
  await world.settled()
  return opened
}

async function extend(request: MergedRequest, duration: string): Promise<MergedRequest> {
  const opened = await change(request, { duration })
  await world.approve('olivia', opened)
  const merged = await world.merge('olivia', opened)
  await world.settled()
  return { ...opened, ...merged }
}

async function sessionOf(request: MergedRequest): Promise<AwsKeys> {
  const session = await world.assume('alice', (await world.roleOf(request)) ?? '')
  if (session.kind === 'denied') throw new Error('alice is not let in')
  return session.value
}

/** Whether a session still reads; the keys of a role that is gone are not known any more. */
const reads = (keys: AwsKeys) =>
  world.read(keys, 'customer-exports', NOVEMBER).then(
    ({ kind }) => kind === 'allowed',
    (error: Error) => {
      if (error.name === 'InvalidAccessKeyId') return false
      throw error
    },
  )

async function passTo(seconds: number, app?: 'is busy' | 'is down'): Promise<void> {
  await world.setClock(new Date(seconds * 1000).toISOString())
  if (app === undefined) await world.settled()
}

const isExtensionRecorded = ({ method, path, requestBody }: RestExchange) =>
  method === 'PATCH' && path.includes('/check-runs/') && JSON.stringify(requestBody).includes('extended')

const startOf = ({ mergedAt }: MergedRequest) => mergedAt / 1000

describe('an approved extension', () => {
  let request: MergedRequest
  let extension: MergedRequest
  let role: string
  let keys: AwsKeys

  beforeAll(async () => {
    request = await grant('longer', world.repositories.protected)
    role = (await world.roleOf(request)) ?? ''
    keys = await sessionOf(request)
    await passTo(startOf(request) + WINDOW / 2)
    extension = await extend(request, '45m')
  })

  test('leaves the role as it is, and tells the new end on both pull requests', async () => {
    expect(await world.roleOf(request)).toBe(role)
    const until = utc(startOf(request) + LONGER)
    expect(await world.comment(request)).toContain(`Access is open until ${until}`)
    expect(await world.comment(extension)).toContain(`Extended until ${until}`)
    expect((await world.grantCheck(request))?.output.title).toContain(`until ${until}`)
  })

  test('lets the session of before read on after the old end, and denies it at the new one, to the second', async () => {
    await passTo(startOf(request) + WINDOW + 1)
    expect(await reads(keys)).toBe(true)
    await passTo(startOf(request) + LONGER - 30, 'is busy')
    expect(await reads(keys)).toBe(true)
    await world.app('stop')
    await world.setClock(new Date((startOf(request) + LONGER) * 1000).toISOString())
    expect(await reads(keys)).toBe(false)
    await world.app('start')
    await world.settled()
  })

  test('is told to be over on both pull requests', async () => {
    for (const told of [request, extension]) {
      expect(await world.comment(told)).toContain(
        `**Access ended at ${utc(startOf(request) + LONGER)}** because`,
      )
      const at = { ...named(told.repository), issue_number: told.pull }
      const { data } = await world.github('root').issues.listLabelsOnIssue(at)
      expect(data.map(({ name }) => name)).toEqual(['daypass: ended'])
    }
  })

  test('is taken down at the new end, with a receipt that names both approvals', async () => {
    expect(await world.role(role)).toBeUndefined()
    expect(await world.fileOnMain(request.repository, request.path)).toBeUndefined()
    const [receipt = ''] = await world.removals(request.repository, request.path)
    expect(verifyReceipt(receipt, [world.receiptKey])).toBe('signed')
    expect(parseReceipt(receipt)).toMatchObject({
      pull: request.pull,
      approvals: [{ login: 'olivia', commit: request.head }],
      from: startOf(request),
      until: startOf(request) + LONGER,
      extensions: [
        {
          pull: extension.pull,
          until: startOf(request) + LONGER,
          approvals: [{ login: 'olivia', commit: extension.head }],
          mergedBy: { login: 'olivia' },
        },
      ],
      endedBecause: 'expired',
    })
  })
})

describe('/daypass revoke on the pull request of an extension', () => {
  let request: MergedRequest
  let extension: MergedRequest
  let keys: AwsKeys

  const say = (login: string) =>
    world.github(login).issues.createComment({
      ...named(extension.repository),
      issue_number: extension.pull,
      body: '/daypass revoke',
    })

  beforeAll(async () => {
    request = await grant('back-there')
    keys = await sessionOf(request)
    extension = await extend(request, '45m')
  })

  test('by somebody who may not end the access is refused, where the access is told of', async () => {
    await say('mallory')
    await world.settled()
    expect(await reads(keys)).toBe(true)
    expect(await world.comment(request)).toContain('mallory asked to end this access: only')
  })

  test('by whom it was for ends it', async () => {
    await say('alice')
    await world.settled()
    expect(await reads(keys)).toBe(false)
    for (const told of [request, extension])
      expect(await world.comment(told)).toContain('because it was given back early by alice')
    const [receipt = ''] = await world.removals(request.repository, request.path)
    expect(parseReceipt(receipt)).toMatchObject({ endedBecause: 'given-back', endedBy: { login: 'alice' } })
  })
})

describe('extensions that are merged while the app is down', () => {
  let late: MergedRequest
  let returned: MergedRequest
  let unseen: MergedRequest
  let unapproved: OpenedRequest
  let interrupted: MergedRequest
  let extensions: Record<'late' | 'returned' | 'unseen' | 'interrupted', MergedRequest>
  let sessions: Record<'late' | 'returned' | 'interrupted', AwsKeys>

  beforeAll(async () => {
    late = await grant('late')
    returned = await grant('returned', undefined, '25m')
    interrupted = await grant('interrupted', undefined, '25m')
    sessions = {
      late: await sessionOf(late),
      returned: await sessionOf(returned),
      interrupted: await sessionOf(interrupted),
    }
    const inTheMiddle = await change(interrupted, { duration: '45m' })
    await world.approve('olivia', inTheMiddle)
    const killed = world.endAfter('kill', isExtensionRecorded)
    const merged = await world.merge('olivia', inTheMiddle)
    await killed
    const { repository } = late
    const opened = await world.openRequest(
      'alice',
      repository,
      `${FOLDER}/unseen.yaml`,
      requestYaml({ duration: '25m' }),
    )
    await world.approve('olivia', opened)
    unseen = { ...opened, ...(await world.merge('olivia', opened)) }
    unapproved = await world.openRequest('alice', repository, `${FOLDER}/unapproved.yaml`, requestYaml({}))
    const mergedAlone = await world.merge('olivia', unapproved)
    await world.github('alice').issues.createComment({
      ...named(repository),
      issue_number: returned.pull,
      body: '/daypass revoke',
    })
    extensions = {
      interrupted: { ...inTheMiddle, ...merged },
      late: await extendUnseen(late),
      returned: await extendUnseen(returned),
      unseen: await extendUnseen(unseen),
    }
    await extendUnseen({ ...unapproved, ...mergedAlone })
    await passTo(startOf(late) + WINDOW, 'is down')
    await world.app('start')
    await world.settled()
  }, 120_000)

  /** As `extend`, with nobody there to look. */
  async function extendUnseen(request: MergedRequest): Promise<MergedRequest> {
    const { repository, path } = request
    const files = { [path]: requestYaml({ duration: '45m' }) }
    const opened = await world.propose('alice', repository, { branch: `later-${request.pull}`, files })
    await world.approve('olivia', opened)
    return { ...opened, ...(await world.merge('olivia', opened)) }
  }

  test('come too late where the old window was over before the app could write them', async () => {
    expect(await reads(sessions.late)).toBe(false)
    expect(await world.comment(extensions.late)).toContain('(`extension-too-late`)')
    expect(await world.fileOnMain(late.repository, late.path)).toBeUndefined()
    const [receipt = ''] = await world.removals(late.repository, late.path)
    expect(parseReceipt(receipt)).toMatchObject({
      pull: late.pull,
      until: startOf(late) + WINDOW,
      endedBecause: 'expired',
    })
  })

  test('do not bring back what was given back', async () => {
    expect(await reads(sessions.returned)).toBe(false)
    expect(await world.comment(returned)).toContain('given back early by alice')
    expect(await world.comment(extensions.returned)).toContain('(`nothing-to-extend`)')
    const [receipt = ''] = await world.removals(returned.repository, returned.path)
    expect(parseReceipt(receipt)).toMatchObject({ pull: returned.pull, endedBecause: 'given-back' })
  })

  test('go on where the app was killed after it had put one on record', async () => {
    const { mergedAt } = interrupted
    expect(await world.comment(extensions.interrupted)).toContain(
      `Extended until ${utc(mergedAt / 1000 + LONGER)}`,
    )
    await passTo(startOf(interrupted) + 25 * 60 + 1)
    expect(await reads(sessions.interrupted)).toBe(true)
  })

  test('are told of where the request was approved by nobody, which the app saw nothing of either', async () => {
    expect(await world.comment(unapproved)).toContain('(`approvals-missing`)')
    expect(await world.fileOnMain(unapproved.repository, unapproved.path)).toBeUndefined()
  })

  test('count together with a request that the app saw nothing of either', async () => {
    const session = await sessionOf(unseen)
    await passTo(startOf(unseen) + LONGER - 30, 'is busy')
    expect(await reads(session)).toBe(true)
    await passTo(startOf(unseen) + LONGER)
    expect(await reads(session)).toBe(false)
  })
})

test('what others changed on a role is told of where an extension mends it', async () => {
  const request = await grant('changed')
  const RoleName = (await world.roleOf(request))?.split('/').at(-1)
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
  await world.iam('root').send(new AttachRolePolicyCommand({ RoleName, PolicyArn }))
  await extend(request, '45m')

  const summary = (await world.grantCheck(request))?.output.summary
  expect(summary).toContain('Others changed this role')
  expect(summary).toContain('AdministratorAccess')
})

test('the file goes at once where access is given back whose extension was only put on record yet', async () => {
  const request = await grant('recorded')
  const keys = await sessionOf(request)
  const opened = await change(request, { duration: '45m' })
  await world.approve('olivia', opened)
  const killed = world.endAfter('kill', isExtensionRecorded)
  await world.merge('olivia', opened)
  await killed
  const at = { ...named(request.repository), issue_number: request.pull }
  await world.github('alice').issues.createComment({ ...at, body: '/daypass revoke' })
  await world.app('start')
  await world.settled()

  expect(await reads(keys)).toBe(false)
  expect(await world.fileOnMain(request.repository, request.path)).toBeUndefined()
  const [receipt = ''] = await world.removals(request.repository, request.path)
  expect(parseReceipt(receipt)).toMatchObject({ pull: request.pull, endedBecause: 'given-back' })
})
