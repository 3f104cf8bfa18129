/** What docs/audit.md says of CloudTrail, run as it stands there: the command by the AWS CLI, the query over records of what was read here. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseReceipt } from '../../src/core/receipt.ts'
import { findAwsClis } from '../support/aws-tools.ts'
import {
  type CloudTrailRecord,
  columnType,
  type EventSelector,
  isSelected,
  type ObjectCall,
  recordOf,
  rowOf,
} from '../support/cloudtrail.ts'
import { readQuery } from '../support/trino.ts'
import { requestYaml, startWorld, type TestWorld } from '../support/world.ts'

const run = promisify(execFile)

const page = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8')
const SQL = /^```sql\n(.*?)^```$/ms.exec(page)?.[1] ?? ''
const COMMAND = /^```sh\n(aws cloudtrail .*?)^```$/ms.exec(page)?.[1] ?? ''
const [cli] = await findAwsClis()

const EXPORTS = 'access-requests/prod/customer-exports'
const BUCKET = 'customer-exports'
const KEY = 'exports/2026/11/orders.csv'

describe('the query of docs/audit.md', () => {
  test('is Trino, over the table of the documentation, with columns that it has', () => {
    const { table, columns } = readQuery(SQL)

    expect(table).toBe('cloudtrail_logs')
    expect(columns).toContain('useridentity.sessioncontext.sessionissuer.arn')
    expect(columns.filter((path) => columnType(path) !== 'string' && path !== table)).toEqual([])
  })

  test('would be refused with a mistake in it', () => {
    expect(() => readQuery(SQL.replace('ORDER BY', 'ORDER'))).toThrow("missing 'BY'")
    expect(columnType('useridentity.sessionissuer.arn')).toBeUndefined()
  })
})

describe('CloudTrail, of what was read', () => {
  let world: TestWorld
  let roleArn: string
  const records: CloudTrailRecord[] = []

  /** What AWS answers, as CloudTrail would write it down. */
  async function act(login: string, role: string, name: ObjectCall['name'], key: string): Promise<void> {
    const { endpoint, keys } = world.ready.aws
    const settings = { endpoint, region: 'eu-central-1' }
    const own = keys[login]
    if (own === undefined) throw new Error(`${login} has no keys`)
    const sts = new STSClient({ ...settings, credentials: own })
    const { Credentials: lent, AssumedRoleUser: session = {} } = await sts.send(
      new AssumeRoleCommand({ RoleArn: role, RoleSessionName: login }),
    )
    const credentials = {
      accessKeyId: lent?.AccessKeyId ?? '',
      secretAccessKey: lent?.SecretAccessKey ?? '',
      sessionToken: lent?.SessionToken ?? '',
    }
    const s3 = new S3Client({ ...settings, credentials, forcePathStyle: true })
    const object = { Bucket: BUCKET, Key: key }
    const done: Promise<unknown> =
      name === 'GetObject'
        ? s3.send(new GetObjectCommand(object))
        : s3.send(new PutObjectCommand({ ...object, Body: 'x' }))
    const error = await done.then(
      () => undefined,
      (refusal: Error) => refusal.name,
    )
    const at = new Date((await world.now()) + records.length * 1000).toISOString().replace(/\.\d+/, '')
    records.push(recordOf({ at, name, bucket: BUCKET, key, session, roleArn: role, ...(error && { error }) }))
  }

  beforeAll(async () => {
    world = await startWorld()
    const { protected: repository } = world.repositories
    const grant = (login: string) =>
      world.grant({ login }, repository, `${EXPORTS}/${login}-1.yaml`, requestYaml({ requester: login }))
    const [ofAlice, ofBob] = [await grant('alice'), await grant('bob')]
    const [hers, his] = [(await world.roleOf(ofAlice)) ?? '', (await world.roleOf(ofBob)) ?? '']
    await act('alice', hers, 'GetObject', KEY)
    await act('bob', his, 'GetObject', KEY)
    await act('alice', hers, 'GetObject', 'imports/secret.csv')
    await act('alice', hers, 'PutObject', KEY)
    await world.advance('12h')
    await world.settled()
    const [receipt = ''] = await world.removals(repository, ofAlice.path)
    roleArn = parseReceipt(receipt)?.roleArn ?? ''
  }, 120_000)
  afterAll(() => world.close())

  test('the query finds by the role in the receipt what was read with that access, and by nobody else', () => {
    const query = SQL.replace(/arn:aws:iam::\d+:role\/[^']+/, roleArn)
    // As they come: CloudTrail does not write in order.
    const rows = records.map((record) => rowOf(record)).toReversed()

    expect(query).toContain(roleArn)
    expect(readQuery(query).answer(rows)).toEqual([
      {
        eventtime: records[0]?.eventTime,
        eventname: 'GetObject',
        role: roleArn,
        session: expect.stringMatching(/^AROA\w+:alice$/),
        bucket: BUCKET,
        object: KEY,
        sourceipaddress: '127.0.0.1',
        errorcode: undefined,
      },
      expect.objectContaining({ object: 'imports/secret.csv', errorcode: 'AccessDenied' }),
      expect.objectContaining({ eventname: 'PutObject', errorcode: 'AccessDenied' }),
    ])
  })

  test.skipIf(cli === undefined)(
    'the command is one that the AWS CLI sends, and selects management events and the reads of that bucket',
    async () => {
      const { target, body } = await sent(COMMAND)
      const { TrailName: trail, AdvancedEventSelectors: selectors } = JSON.parse(body) as {
        readonly TrailName: string
        readonly AdvancedEventSelectors: readonly [EventSelector, EventSelector]
      }
      const [management, selector] = selectors
      const elsewhere = recordOf({ ...call, bucket: 'customer-exports-2' })

      expect(target).toMatch(/CloudTrail_20131101\.PutEventSelectors$/)
      expect(trail).toBe('audit')
      // The command replaces what the trail logged before.
      expect(management.FieldSelectors).toEqual([{ Field: 'eventCategory', Equals: ['Management'] }])
      expect(records.map((record) => isSelected(selector, record))).toEqual([true, true, true, false])
      expect(isSelected(selector, elsewhere)).toBe(false)
    },
  )

  const call = { at: '', name: 'GetObject', bucket: BUCKET, key: KEY, session: {}, roleArn: '' } as const
})

/** What the AWS CLI, which holds a command against AWS's own description of the service, sends for it. */
async function sent(command: string): Promise<{ readonly target: string; readonly body: string }> {
  const heard: { target: string; body: string }[] = []
  const server = createServer(async (request, response) => {
    heard.push({ target: String(request.headers['x-amz-target']), body: await text(request) })
    response.setHeader('content-type', 'application/x-amz-json-1.1').end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    await run('sh', ['-ec', `aws() { command aws --endpoint-url ${address} "$@"; }\n${command}`], {
      env: {
        PATH: [cli?.directory, process.env.PATH].join(delimiter),
        HOME: '/nonexistent',
        NO_PROXY: '*',
        AWS_PAGER: '',
        AWS_DEFAULT_REGION: 'eu-central-1',
        AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'example',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    })
  } finally {
    server.close()
  }
  const [one] = heard
  if (one === undefined || heard.length > 1) throw new Error(`sent ${heard.length} times`)
  return one
}
