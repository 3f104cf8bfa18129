import { GetRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Faults, readFaultOrder } from '../../src/sandbox/faults.ts'
import {
  ACCOUNT_ROLE,
  APP,
  appIn,
  type Fixture,
  iamOf,
  keysOf,
  outcome,
  s3Of,
  start,
  stsOf,
} from './aws/fixture.ts'
import { type Bench, startBench } from './github/bench.ts'
import { OPEN, refusal } from './github/steps.ts'

function order(faults: Faults, value: object): void {
  const read = readFaultOrder(value)
  if (typeof read === 'string') throw new Error(read)
  faults.order(read)
}

describe('at GitHub', () => {
  let bench: Bench
  let app: Awaited<ReturnType<Bench['asApp']>>
  const trouble = (value: object) => order(bench.faults, { service: 'github', ...value })
  const comment = (body: string) => app.issues.create({ ...OPEN, title: body })
  const titles = async () => (await bench.as('alice').issues.listForRepo(OPEN)).data.map(({ title }) => title)

  beforeAll(async () => {
    bench = await startBench()
    app = await bench.asApp()
  })
  afterEach(() => bench.faults.clear())
  afterAll(() => bench.close())

  test('meets only the calls it names, as often as it says, and nobody but the app', async () => {
    trouble({ method: 'get', path: '/repos/acme/*', times: 2, fault: { kind: 'status', status: 503 } })

    expect((await bench.as('alice').repos.get(OPEN)).status).toBe(200)
    expect((await app.rateLimit.get()).status).toBe(200)
    expect(await refusal(app.repos.get(OPEN))).toMatchObject({ status: 503 })
    expect(bench.faults.list()).toMatchObject([{ met: 1 }])
    expect(await refusal(app.repos.get(OPEN))).toMatchObject({ status: 503 })
    expect((await app.repos.get(OPEN)).status).toBe(200)
    expect(bench.faults.list()).toEqual([])
  })

  test('can meet a person, or everybody', async () => {
    trouble({ caller: 'alice', times: 1, fault: { kind: 'status', status: 500 } })
    expect(await refusal(bench.as('alice').repos.get(OPEN))).toMatchObject({ status: 500 })
    trouble({ caller: '*', times: 1, fault: { kind: 'status', status: 502 } })
    expect(await refusal(bench.as('mallory').repos.get(OPEN))).toMatchObject({ status: 502 })
  })

  test('a status comes with the headers ordered for it', async () => {
    const headers = { 'retry-after': '7' }
    trouble({ times: 1, fault: { kind: 'status', status: 429, headers } })

    await expect(app.repos.get(OPEN)).rejects.toMatchObject({ status: 429, response: { headers } })
  })

  test.each([403, 429])(
    'both limits are told in GitHub’s words and headers, with status %i',
    async (status) => {
      trouble({ times: 1, fault: { kind: 'throttle', status } })
      await expect(app.repos.get(OPEN)).rejects.toMatchObject({
        status,
        message: expect.stringContaining('API rate limit exceeded'),
        response: { headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': expect.any(String) } },
      })
      trouble({ times: 1, fault: { kind: 'secondary-limit', retryAfter: 3, status } })
      await expect(app.repos.get(OPEN)).rejects.toMatchObject({
        status,
        message: expect.stringContaining('secondary rate limit'),
        response: { headers: { 'retry-after': '3' } },
      })
    },
  )

  test('a reset connection has done nothing; a lost answer has done everything', async () => {
    trouble({ times: 1, fault: { kind: 'reset' } })
    await expect(comment('never arrived')).rejects.toThrow()
    trouble({ times: 1, fault: { kind: 'answer-lost' } })
    await expect(comment('arrived unanswered')).rejects.toThrow()

    expect(await titles()).toEqual(['arrived unanswered'])
    const [reset, lost] = bench.calls
      .list()
      .filter(({ fault }) => fault === 'reset' || fault === 'answer-lost')
    expect(reset).toMatchObject({ caller: 'app', status: 0 })
    expect(lost).toMatchObject({ caller: 'app', status: 0 })
  })

  test('a call without an answer ends when the caller gives up, or at its bound, and does nothing', async () => {
    trouble({ method: 'POST', fault: { kind: 'timeout', ms: 40 } })
    const before = await titles()
    const hungUp = app.request('POST /repos/{owner}/{repo}/issues', {
      ...OPEN,
      title: 'given up',
      request: { signal: AbortSignal.timeout(10) },
    })

    await expect(hungUp).rejects.toThrow()
    await expect(comment('never answered')).rejects.toThrow()
    expect(await titles()).toEqual(before)
  })

  test('latencies add up, and the answer is the same', async () => {
    trouble({ fault: { kind: 'latency', ms: 20 } })
    trouble({ fault: { kind: 'latency', ms: 15 } })
    bench.calls.clear()

    expect((await app.repos.get(OPEN)).data.name).toBe('open')
    const [call] = bench.calls.list()
    expect((call?.ended ?? 0) - (call?.started ?? 0)).toBeGreaterThan(33)
  })

  test('git meets it too', async () => {
    trouble({ caller: 'alice', path: '/acme/open.git/*', times: 1, fault: { kind: 'status', status: 503 } })

    const cloned = await bench.git('clone', bench.remote('alice', 'acme/open'), 'unlucky')

    expect(cloned.output).toContain('503')
    expect(bench.violations).toEqual([])
  })
})

describe('at AWS', () => {
  let fixture: Fixture
  const trouble = (value: object) => order(fixture.faults, { service: 'aws', ...value })

  beforeAll(async () => {
    fixture = await start()
  })
  afterEach(() => fixture.faults.clear())
  afterAll(() => fixture.close())

  const getRole = async () =>
    iamOf(fixture, await appIn(fixture)).send(new GetRoleCommand({ RoleName: 'DaypassAccountRole' }))
  const identity = () => stsOf(fixture, APP).send(new GetCallerIdentityCommand({}))
  const read = (who: string) =>
    s3Of(fixture, keysOf(who)).send(
      new GetObjectCommand({ Bucket: 'customer-exports', Key: 'internal/salaries.csv' }),
    )

  test('meets the action it names, through the roles that the app assumes', async () => {
    trouble({ action: 'iam:get*', fault: { kind: 'status', status: 500 } })

    expect(await outcome(identity())).toBe('ok')
    expect(await outcome(getRole())).toBe('ServiceFailureException')
    expect(fixture.calls.list().at(-1)).toMatchObject({ target: 'iam:GetRole', fault: 'status', status: 500 })
    expect(await outcome(iamOf(fixture, keysOf('admin')).send(new GetRoleCommand({ RoleName: 'x' })))).toBe(
      'NoSuchEntityException',
    )
  })

  test.each([
    [409, 'ConcurrentModification', 'ConcurrentModificationException'],
    [409, 'LimitExceeded', 'LimitExceededException'],
    [409, 'EntityTemporarilyUnmodifiable', 'EntityTemporarilyUnmodifiableException'],
    [503, undefined, 'ServiceUnavailable'],
  ])('answers %s %s as the SDK knows it', async (status, code, name) => {
    trouble({ action: 'iam:GetRole', fault: { kind: 'status', status, ...(code && { code }) } })

    expect(await outcome(getRole())).toBe(name)
  })

  test('each service throttles by its own name, and the SDK tries again', async () => {
    trouble({ action: 'iam:GetRole', fault: { kind: 'throttle' } })
    expect(await outcome(getRole())).toBe('Throttling')
    trouble({ action: 's3:GetObject', caller: 'admin', fault: { kind: 'throttle' } })
    expect(await outcome(read('admin'))).toBe('SlowDown')
    fixture.faults.clear()
    trouble({ action: 's3:GetObject', caller: 'admin', times: 1, fault: { kind: 'throttle' } })
    expect(await outcome(read('admin'))).toBe('ok')
  })

  test('a lost answer was written, which the second try of the SDK finds', async () => {
    const admin = iamOf(fixture, keysOf('admin'))
    trouble({ action: 'iam:PutRolePolicy', caller: 'admin', times: 1, fault: { kind: 'answer-lost' } })
    fixture.calls.clear()

    await admin.send(
      new PutRolePolicyCommand({
        RoleName: ACCOUNT_ROLE.split('/').at(-1),
        PolicyName: 'more',
        PolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Deny', Action: 's3:*', Resource: '*' }],
        }),
      }),
    )

    expect(fixture.calls.list()).toMatchObject([
      { target: 'iam:PutRolePolicy', status: 0, fault: 'answer-lost' },
      { target: 'iam:PutRolePolicy', status: 200 },
    ])
  })
})
