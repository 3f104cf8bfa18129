import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { named } from '../../src/sandbox/tour-people.ts'
import type { MergeMethod } from '../support/branches.ts'
import { type MergedRequest, requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const EXPORTS = 'access-requests/prod/customer-exports'
const NOVEMBER = 'exports/2026/11/orders.csv'

let world: TestWorld

beforeAll(async () => {
  world = await startWorld()
})

afterAll(() => world.close())

/** What `login` can do with a role: names of what worked. */
async function reachBy(login: string, role: string, keys: Readonly<Record<string, readonly string[]>>) {
  const session = await world.assume(login, role)
  if (session.kind === 'denied') return 'not let in'
  const reads = Object.entries(keys).flatMap(([bucket, names]) =>
    names.map(async (key) => [`${bucket}/${key}`, await world.read(session.value, bucket, key)] as const),
  )
  return (await Promise.all(reads)).flatMap(([name, { kind }]) => (kind === 'allowed' ? [name] : []))
}

async function reach(
  login: string,
  request: MergedRequest,
  keys: Readonly<Record<string, readonly string[]>>,
) {
  return reachBy(login, (await world.roleOf(request)) ?? '', keys)
}

const EVERYTHING = {
  'customer-exports': [NOVEMBER, 'exports/2026/10/orders.csv', 'internal/salaries.csv'],
}

describe('an approved request of an IAM user', () => {
  let request: MergedRequest
  let comment: string

  beforeAll(async () => {
    const yaml = requestYaml({ duration: '4h' })
    request = await world.grant(
      { login: 'alice' },
      world.repositories.protected,
      `${EXPORTS}/alice-1.yaml`,
      yaml,
    )
    comment = (await world.comment(request)) ?? ''
  })

  test('opens what was asked to the one who asked, and nothing else to anybody', async () => {
    expect(await reach('alice', request, EVERYTHING)).toEqual([`customer-exports/${NOVEMBER}`])
    expect(await reach('mallory', request, EVERYTHING)).toBe('not let in')
    expect(await reach('bob', request, EVERYTHING)).toBe('not let in')
  })

  test('lists below the prefix only, and writes nothing', async () => {
    const session = await world.assume('alice', (await world.roleOf(request)) ?? '')
    if (session.kind === 'denied') throw new Error('alice is not let in')

    expect(await world.list(session.value, 'customer-exports', 'exports/2026/11/')).toEqual({
      kind: 'allowed',
      value: [NOVEMBER],
    })
    for (const prefix of ['', 'exports/2026/', 'internal/'])
      expect(await world.list(session.value, 'customer-exports', prefix)).toMatchObject({ kind: 'denied' })
    expect(await world.write(session.value, 'customer-exports', NOVEMBER, 'x')).toMatchObject({
      kind: 'denied',
    })
  })

  test('has a profile in the comment that works as it is pasted', async () => {
    const [, block = ''] = /^```ini\n(.*?)^```$/ms.exec(comment) ?? []
    const profile = Object.fromEntries(
      [...block.matchAll(/^(\w+) = (.+)$/gm)].map(([, key, value]) => [key, value]),
    )

    expect(block).toMatch(/^\[profile daypass-alice-1\]$/m)
    expect(profile).toMatchObject({
      source_profile: 'default',
      region: 'eu-central-1',
      role_session_name: 'alice',
      duration_seconds: '14400',
    })
    expect(await world.assume('alice', profile.role_arn ?? '')).toMatchObject({ kind: 'allowed' })
  })

  test('is told where to look in the console, until when, and how to give it back', () => {
    const name = ((/role_arn = (\S+)/.exec(comment) ?? [])[1] ?? '').split(':role/')[1] ?? ''
    const links = [...comment.matchAll(/\]\((https?:[^)]+)\)/g)].map(([, link = '']) => new URL(link))
    const [switchRole, bucket, check, giveBack] = links

    expect(Object.fromEntries(switchRole?.searchParams ?? [])).toMatchObject({
      roleName: name,
      account: '111122223333',
    })
    expect(bucket?.searchParams.get('prefix')).toBe('exports/2026/11/')
    expect(check?.pathname).toMatch(/^\/acme\/[^/]+\/runs\/\d+$/)
    expect(giveBack?.pathname).toBe(`/${request.repository}/delete/main/${request.path}`)
    const end = new Date(request.mergedAt + 4 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
    expect(comment).toContain(`**Access is open until ${end.replace(/:00$/, '')} UTC.**`)
  })

  test.each([
    ['altered', (body: string) => `${body}\ncredential_process = evil`],
    ['stripped of what the app knows it by', () => 'role_arn = arn:aws:iam::111122223333:role/evil'],
    ['deleted', () => undefined],
  ])('has a comment that is put right once somebody has %s it', async (_, alter) => {
    const { issues } = world.github('mallory')
    const at = { ...named(request.repository), issue_number: request.pull }
    const own = async () => (await issues.listComments(at)).data.filter(({ user }) => user?.type === 'Bot')
    const [told] = await own()
    const altered = { ...at, comment_id: told?.id ?? 0 }
    const body = alter(told?.body ?? '')
    if (body === undefined) await issues.deleteComment(altered)
    else await issues.updateComment({ ...altered, body })
    await world.settled()

    expect((await own()).map((one) => one.body)).toEqual([told?.body])
  })

  test('has its verdict on record on the merge commit, completed while access stands, so that its button shows', async () => {
    const check = await world.grantCheck(request)

    expect(check).toMatchObject({
      status: 'completed',
      conclusion: 'neutral',
      app: { slug: 'daypass' },
      output: { title: expect.stringMatching(/^Access is open until/) },
    })
    expect(check?.output.summary).toContain('Approved by **olivia**')
    const [, record = ''] = /^```json\n(.*?)^```$/ms.exec(check?.output.text ?? '') ?? []
    expect(JSON.parse(record)).toMatchObject({
      author: { login: 'alice', id: 101 },
      request: { reason: 'Find the corrupt rows behind INC-4211', prefixes: ['exports/2026/11/'] },
      approvals: [{ person: { login: 'olivia' }, commit: request.head }],
      mergedBy: { login: 'olivia' },
      window: { start: request.mergedAt / 1000, end: request.mergedAt / 1000 + 4 * 3600 },
    })
  })

  test('stands in IAM bounded, tagged, described, and closed by its own dates', async () => {
    const role = await world.role((await world.roleOf(request)) ?? '')
    const window = {
      start: new Date(request.mergedAt).toISOString().replace('.000', ''),
      end: new Date(request.mergedAt + 4 * 3_600_000).toISOString().replace('.000', ''),
    }

    expect(role).toMatchObject({
      arn: expect.stringMatching(/:role\/daypass\/rt\/alice-1-[0-9a-f]{20}$/),
      boundary: 'arn:aws:iam::111122223333:policy/DaypassBoundary',
      description: expect.stringContaining(request.path),
    })
    expect(Object.values(role?.tags ?? {})).toEqual(
      expect.arrayContaining([expect.stringContaining('alice')]),
    )
    for (const policy of [role?.trust, ...Object.values(role?.policies ?? {})]) {
      const text = JSON.stringify(policy)
      expect(text).toContain(`"DateLessThan":{"aws:CurrentTime":"${window.end}"}`)
      expect(text).toContain(`"DateGreaterThanEquals":{"aws:CurrentTime":"${window.end}"}`)
      expect(text).toContain(`"DateLessThan":{"aws:CurrentTime":"${window.start}"}`)
    }
  })
})

describe('other requests', () => {
  test('an Identity Center person is let in, and nobody else', async () => {
    const yaml = requestYaml({ requester: 'bob' })
    const request = await world.grant(
      { login: 'bob' },
      world.repositories.protected,
      `${EXPORTS}/bob-1.yaml`,
      yaml,
    )

    expect(await reach('bob', request, EVERYTHING)).toEqual([`customer-exports/${NOVEMBER}`])
    expect(await reach('alice', request, EVERYTHING)).toBe('not let in')
  })

  test('a bucket that is encrypted with a key is lent whole, and decrypted', async () => {
    const path = 'access-requests/prod/billing-archive/alice-billing.yaml'
    const yaml = requestYaml({ prefixes: [] })
    const request = await world.grant({ login: 'alice' }, world.repositories.protected, path, yaml)
    const session = await world.assume('alice', (await world.roleOf(request)) ?? '')
    if (session.kind === 'denied') throw new Error('alice is not let in')
    const names = await world.list(session.value, 'billing-archive', '')
    if (names.kind === 'denied') throw new Error('alice can not list')

    expect(names.value.length).toBeGreaterThan(0)
    for (const key of names.value)
      expect(await world.read(session.value, 'billing-archive', key)).toMatchObject({ kind: 'allowed' })
    expect(await world.read(session.value, 'customer-exports', NOVEMBER)).toMatchObject({ kind: 'denied' })
  })

  test('one that asks for the names only shows the names, and no content', async () => {
    const yaml = requestYaml({ access: 'list' })
    const request = await world.grant(
      { login: 'alice' },
      world.repositories.protected,
      `${EXPORTS}/names.yaml`,
      yaml,
    )
    const session = await world.assume('alice', (await world.roleOf(request)) ?? '')
    if (session.kind === 'denied') throw new Error('alice is not let in')

    expect(await world.list(session.value, 'customer-exports', 'exports/2026/11/')).toMatchObject({
      value: [NOVEMBER],
    })
    expect(await world.read(session.value, 'customer-exports', NOVEMBER)).toMatchObject({ kind: 'denied' })
  })

  test('a bucket of another account is read by a role there, which lets the person in from home', async () => {
    const path = 'access-requests/analytics/clickstream/alice-clicks.yaml'
    const yaml = requestYaml({ prefixes: [] })
    const request = await world.grant({ login: 'alice' }, world.repositories.protected, path, yaml)
    const role = (await world.roleOf(request)) ?? ''
    const session = await world.assume('alice', role)
    if (session.kind === 'denied') throw new Error('alice is not let in')
    const names = await world.list(session.value, 'clickstream', '')

    expect(role).toContain('arn:aws:iam::444455556666:role/daypass/')
    expect(names).toMatchObject({ kind: 'allowed' })
    expect(await world.assume('mallory', role)).toMatchObject({ kind: 'denied' })
  })

  test.each<MergeMethod>(['merge', 'squash', 'rebase'])(
    'one that comes in by a %s is granted',
    async (method) => {
      const repository = world.repositories.unprotected
      const path = `${EXPORTS}/by-${method}.yaml`
      const opened = await world.openRequest('alice', repository, path, requestYaml({}))
      const head = await world.commit('alice', repository, opened.branch, {
        [path]: requestYaml({ duration: '1h' }),
      })
      const request = { ...opened, head }
      await world.approve('oscar', request)
      const merged = await world.mergeAs('olivia', request, method)
      await world.settled()

      expect(await reach('alice', merged, EVERYTHING)).toEqual([`customer-exports/${NOVEMBER}`])
      expect(await world.grantCheck(merged)).toMatchObject({ conclusion: 'neutral' })
    },
  )

  test('one from a fork is granted to its author', async () => {
    const at = named(world.repositories.unprotected)
    await world.github('bob').repos.createFork(at)
    const path = `${EXPORTS}/bob-forked.yaml`
    await world.commit('bob', `bob/${at.repo}`, 'ask', { [path]: requestYaml({ requester: 'bob' }) })
    const { data } = await world
      .github('bob')
      .pulls.create({ ...at, head: 'bob:ask', base: 'main', title: 'Ask' })
    const request = {
      repository: world.repositories.unprotected,
      path,
      branch: 'ask',
      pull: data.number,
      head: data.head.sha,
      url: data.html_url,
    }
    await world.approve('olivia', request)
    const merged = await world.mergeAs('olivia', request, 'merge')
    await world.settled()

    expect(await reach('bob', merged, EVERYTHING)).toEqual([`customer-exports/${NOVEMBER}`])
  })
})

// Last: it moves the clock.
test('one with a start is written at its approval, and opens and closes at the very second', async () => {
  const start = Math.ceil((await world.now()) / 3_600_000) * 3_600_000 + 2 * 3_600_000
  const instant = (offset: number) => new Date(start + offset).toISOString()
  const yaml = requestYaml({ start: instant(0).replace('.000', ''), duration: '2h' })
  const request = await world.grant(
    { login: 'alice' },
    world.repositories.protected,
    `${EXPORTS}/later.yaml`,
    yaml,
  )
  expect(await world.comment(request)).toContain('**Access opens at')

  const role = (await world.roleOf(request)) ?? ''
  const states: unknown[] = []
  for (const at of [-2_000, 0, 2 * 3_600_000 - 2_000, 2 * 3_600_000]) {
    await world.setClock(instant(at))
    states.push(await reachBy('alice', role, EVERYTHING))
    await world.settled()
  }

  expect(states).toEqual([
    'not let in',
    [`customer-exports/${NOVEMBER}`],
    [`customer-exports/${NOVEMBER}`],
    'not let in',
  ])
})
