/** The wire itself: signatures, dates, presigned URLs, and whatever a hostile client may send. */
import { createHash, createHmac } from 'node:crypto'
import { request } from 'node:http'
import { ListRolesCommand } from '@aws-sdk/client-iam'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  BOB,
  type Fixture,
  iamOf,
  type Keys,
  keysOf,
  NOON,
  outcome,
  REGION,
  s3Of,
  start,
  stsOf,
} from './fixture.ts'

let fixture: Fixture

beforeAll(async () => {
  fixture = await start()
})
beforeEach(() => fixture.clock.set(NOON))
afterAll(() => fixture.close())

const ADMIN = keysOf('admin')
const SALARIES = '/customer-exports/internal/salaries.csv'

interface Answer {
  readonly status: number
  readonly code: string | undefined
  readonly body: string
  readonly headers: Readonly<Record<string, unknown>>
}

/** Sends just these bytes; no client library tidies them up. */
function send(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<Answer> {
  const { hostname, port } = new URL(fixture.aws.endpoint)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1]
        resolve({ status: response.statusCode ?? 0, code, body: text, headers: response.headers })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

interface Presigning {
  readonly at?: number
  readonly expires?: number
  readonly service?: string
  readonly host?: string
  readonly method?: string
  /** SHA-256 of the body, where the signature is to cover it. */
  readonly hash?: string
}

/** An independent signer, written from AWS's description, for what the SDK would never send. */
function presigned(path: string, keys: Keys, options: Presigning = {}): string {
  const { at = NOON, expires = 300, service = 's3', method = 'GET', hash } = options
  const { host = new URL(fixture.aws.endpoint).host } = options
  const date = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = `${date.slice(0, 8)}/${REGION}/${service}/aws4_request`
  const headers = { host, ...(hash && { 'x-amz-content-sha256': hash }) }
  const signedHeaders = Object.keys(headers).join(';')
  const query = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${keys.accessKeyId}/${scope}`],
    ['X-Amz-Date', date],
    ['X-Amz-Expires', String(expires)],
    ...(keys.sessionToken ? [['X-Amz-Security-Token', keys.sessionToken]] : []),
    ['X-Amz-SignedHeaders', signedHeaders],
  ]
  const canonicalQuery = query.map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`).join('&')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`)
  const payload = hash ?? 'UNSIGNED-PAYLOAD'
  const canonical = [method, path, canonicalQuery, ...lines, '', signedHeaders, payload].join('\n')
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${keys.secretAccessKey}`)
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex')
  return `${path}?${canonicalQuery}&X-Amz-Signature=${signature}`
}

describe('a signature', () => {
  const wrong = { ...ADMIN, secretAccessKey: 'wrong' }
  const unknown = { ...ADMIN, accessKeyId: 'AKIA0000000000000000' }
  const get = new GetObjectCommand({ Bucket: 'customer-exports', Key: 'internal/salaries.csv' })
  const who = new GetCallerIdentityCommand({})

  it('with a wrong secret is refused by every service', async () => {
    expect(await outcome(stsOf(fixture, wrong).send(who))).toBe('SignatureDoesNotMatch')
    expect(await outcome(iamOf(fixture, wrong).send(new ListRolesCommand({})))).toBe('SignatureDoesNotMatch')
    expect(await outcome(s3Of(fixture, wrong).send(get))).toBe('SignatureDoesNotMatch')
  })

  it('of an unknown key is refused in the words of each service', async () => {
    expect(await outcome(stsOf(fixture, unknown).send(who))).toBe('InvalidClientTokenId')
    expect(await outcome(s3Of(fixture, unknown).send(get))).toBe('InvalidAccessKeyId')
  })

  it('of a session needs its token, and of a user needs none', async () => {
    const { sessionToken: _, ...without } = BOB
    expect(await outcome(stsOf(fixture, BOB).send(who))).toBe('ok')
    expect(await outcome(stsOf(fixture, without).send(who))).toBe('InvalidClientTokenId')
    expect(await outcome(stsOf(fixture, { ...BOB, sessionToken: 'other' }).send(who))).toBe(
      'InvalidClientTokenId',
    )
    expect(await outcome(s3Of(fixture, { ...ADMIN, sessionToken: 'x' }).send(get))).toBe('InvalidToken')
  })

  it('does not cover another path, query or body than was signed', async () => {
    const path = presigned(SALARIES, ADMIN)
    expect((await send('GET', path)).body).toBe('secret')
    expect((await send('GET', path.replace('salaries', 'salarie5'))).code).toBe('SignatureDoesNotMatch')
    expect((await send('GET', `${path}&versionId=1`)).code).toBe('SignatureDoesNotMatch')
    expect((await send('DELETE', path)).code).toBe('SignatureDoesNotMatch')
  })

  it('does not cover another body than was signed', async () => {
    const hash = sha256('honest')
    const path = presigned('/customer-exports/new', ADMIN, { method: 'PUT', hash })
    const put = (body: string) => send('PUT', path, { 'x-amz-content-sha256': hash }, body)
    expect((await put('forged')).code).toBe('XAmzContentSHA256Mismatch')
    expect((await put('honest')).status).toBe(200)
  })

  it('must cover every header of AWS that is sent', async () => {
    const answer = await send('GET', presigned(SALARIES, ADMIN), { 'x-amz-expected-bucket-owner': '1' })
    expect(answer).toMatchObject({ status: 400, code: 'IncompleteSignature' })
  })

  it('holds for a bucket in the host name too', async () => {
    const host = `customer-exports.localhost:${new URL(fixture.aws.endpoint).port}`
    expect((await send('GET', presigned('/internal/salaries.csv', ADMIN, { host }), { host })).body).toBe(
      'secret',
    )
    expect((await send('GET', presigned('/internal/salaries.csv', ADMIN), { host })).code).toBe(
      'SignatureDoesNotMatch',
    )
  })

  it('for another service is refused', async () => {
    const answer = await send('GET', presigned(SALARIES, ADMIN, { service: 'ec2' }))
    expect(answer).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' })
  })
})

describe('the date', () => {
  it("of every answer is the sandbox's", async () => {
    expect((await send('GET', '/')).headers.date).toBe(new Date(NOON).toUTCString())
    expect((await send('POST', '/')).headers.date).toBe(new Date(NOON).toUTCString())
  })

  it("of a signature may be near the sandbox's or the machine's, and no other", async () => {
    const at = async (time: number) =>
      (await send('GET', presigned(SALARIES, ADMIN, { at: time, expires: 60 }))).status
    expect(await at(NOON)).toBe(200)
    expect(await at(Date.now())).toBe(200)
    expect(await at(NOON + 14 * 60_000)).toBe(200)
    expect(await at(NOON + 16 * 60_000)).toBe(403)
    expect(await at(NOON - 61_000)).toBe(403)
  })

  it('is corrected by the SDK when the clock of the sandbox jumps', async () => {
    const sts = stsOf(fixture, ADMIN)
    for (const time of [NOON, NOON + 400 * 86_400_000, NOON - 400 * 86_400_000]) {
      fixture.clock.set(time)
      expect(await outcome(sts.send(new GetCallerIdentityCommand({})))).toBe('ok')
    }
  })

  it('of a presigned URL ends it to the second', async () => {
    const path = presigned(SALARIES, ADMIN, { at: NOON, expires: 60 })
    fixture.clock.set(NOON + 59_000)
    expect((await send('GET', path)).status).toBe(200)
    fixture.clock.set(NOON + 60_000)
    expect(await send('GET', path)).toMatchObject({ status: 403, code: 'AccessDenied' })
  })

  it('of a presigned URL may not be more than a week off', async () => {
    expect((await send('GET', presigned(SALARIES, ADMIN, { expires: 604_801 }))).code).toBe(
      'IncompleteSignature',
    )
  })
})

describe('whatever is sent', () => {
  const AUTHORIZATION = 'AWS4-HMAC-SHA256 Credential='
  it.each<[string, string, string, Record<string, string>, string]>([
    ['nothing at all', 'GET', '/', {}, ''],
    ['an unsigned action', 'POST', '/', {}, 'Action=ListRoles&Version=2010-05-08'],
    ['an unknown method', 'PROPFIND', SALARIES, {}, ''],
    ['broken percent signs', 'GET', '/%zz/%', {}, ''],
    ['invalid UTF-8', 'GET', '/customer-exports/%ff%fe', {}, ''],
    ['a NUL', 'GET', '/customer-exports/%00', {}, ''],
    ['an empty authorization', 'GET', SALARIES, { authorization: '' }, ''],
    ['another algorithm', 'GET', SALARIES, { authorization: 'Bearer x' }, ''],
    ['an old signature', 'GET', SALARIES, { authorization: 'AWS AKIA:sig' }, ''],
    ['half an authorization', 'POST', '/', { authorization: `${AUTHORIZATION}x` }, ''],
    ['a long authorization', 'POST', '/', { authorization: `${AUTHORIZATION}${'='.repeat(10_000)}` }, ''],
    [
      'a prototype for a service',
      'POST',
      '/',
      { authorization: `${AUTHORIZATION}AKIAADMIN00000000000/20311124/x/__proto__/aws4_request` },
      '',
    ],
    ['a million parameters', 'POST', '/', {}, 'a&'.repeat(1_000_000)],
    ['a presigned URL without its parts', 'GET', `${SALARIES}?X-Amz-Signature=x`, {}, ''],
  ])('is refused and not fallen over: %s', async (_, method, path, headers, body) => {
    const answer = await send(method, path, headers, body)
    expect([400, 403]).toContain(answer.status)
    expect(answer.code).toBeDefined()
  })

  it('is refused where the body is too large to be anything honest', async () => {
    const answer = await send('POST', '/', {}, 'a'.repeat(17 * 1024 * 1024)).catch(() => ({ status: 413 }))
    expect(answer.status).toBe(413)
  })

  it('is refused in the signed name of somebody, too', async () => {
    const get = async (path: string) => send('GET', presigned(path, ADMIN))
    expect((await get('/customer-exports/%ff')).status).toBe(400)
    expect((await get(`/customer-exports/${'a'.repeat(1025)}`)).code).toBe('KeyTooLongError')
    expect((await get('/constructor/x')).code).toBe('NoSuchBucket')
    expect((await get('/customer-exports/__proto__')).code).toBe('NoSuchKey')
  })

  it('ends in the call log', async () => {
    await send('GET', SALARIES)
    expect(fixture.calls.inFlight()).toBe(0)
    expect(fixture.calls.list().at(-1)).toMatchObject({ service: 'aws', caller: 'anonymous', status: 403 })
  })
})

it('takes well under five milliseconds of work for a call, the client included', async () => {
  const path = presigned(SALARIES, ADMIN)
  for (let at = 0; at < 50; at += 1) await send('GET', path)
  // The processor's time: the wall clock would measure how busy the machine is.
  const begun = process.cpuUsage()
  for (let at = 0; at < 200; at += 1) await send('GET', path)
  const { user, system } = process.cpuUsage(begun)
  expect((user + system) / 1000 / 200).toBeLessThan(5)
})
