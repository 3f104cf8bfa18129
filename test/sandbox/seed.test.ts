import { readFile } from 'node:fs/promises'
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseRules } from '../../src/core/rules.ts'
import { type AwsSandbox, startAws } from '../../src/sandbox/aws/server.ts'
import { createCallLog } from '../../src/sandbox/calls.ts'
import { createClock } from '../../src/sandbox/clock.ts'
import type { AwsKeys } from '../../src/sandbox/ready.ts'
import { ACCOUNTS, BILLING_KEY_ARN, newSecrets, REGION, type Secrets } from '../../src/sandbox/seed.ts'
import { awsSeed, installedAccount } from '../../src/sandbox/seed-aws.ts'
import { gitHubSeed } from '../../src/sandbox/seed-github.ts'

let secrets: Secrets
let aws: AwsSandbox
let templates: { hub: string; account: string }
const calls = createCallLog()

beforeAll(async () => {
  secrets = await newSecrets()
  const [hub, account] = await Promise.all(
    ['hub', 'account'].map((name) => readFile(`deploy/${name}.yaml`, 'utf8')),
  )
  templates = { hub: hub ?? '', account: account ?? '' }
  aws = await startAws({ seed: awsSeed(secrets, templates), clock: createClock(), calls })
})

afterAll(() => aws.close())

const client = (credentials: AwsKeys) => ({
  endpoint: aws.endpoint,
  region: REGION,
  credentials,
  maxAttempts: 1,
})
const s3 = (keys: AwsKeys) => new S3Client({ ...client(keys), forcePathStyle: true })
const read = (Bucket: string, Key: string) => new GetObjectCommand({ Bucket, Key })

test('makes other secrets at every start', async () => {
  const other = await newSecrets()

  expect(other.tokens.alice).not.toBe(secrets.tokens.alice)
  expect(other.keys.root).not.toEqual(secrets.keys.root)
  expect(other.app.privateKey).not.toBe(secrets.app.privateKey)
  expect(other.webhook).not.toBe(secrets.webhook)
})

test('writes rules that the app can read, for every bucket there is', () => {
  const { repositories } = gitHubSeed(secrets, { permissions: {}, events: [] })
  const rules = repositories.map(({ files }) => parseRules(files['.github/daypass.yml'] ?? ''))

  for (const parsed of rules) {
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        paused: false,
        buckets: [
          { bucket: 'customer-exports', longestWindow: 43_200, wholeBucket: 'refused' },
          { bucket: 'billing-archive', longestWindow: 43_200, kmsKey: BILLING_KEY_ARN },
          { bucket: 'clickstream', longestWindow: 43_200, wholeBucket: 'allowed' },
        ],
      },
    })
    expect(parsed.ok && [...parsed.value.people.keys()]).toEqual(['alice', 'bob', 'mallory'])
  }
})

describe('people in AWS', () => {
  test('nobody but the administrator may read anything', async () => {
    for (const login of ['alice', 'bob', 'mallory', 'olivia', 'oscar'] as const) {
      const reading = s3(secrets.keys[login]).send(read('customer-exports', 'exports/2026/11/orders.csv'))
      await expect(reading, login).rejects.toMatchObject({ name: 'AccessDenied' })
    }
    const objects = { 'customer-exports': 'internal/salaries.csv', 'billing-archive': 'invoices/2026/11.csv' }
    for (const [bucket, key] of Object.entries(objects)) {
      const { Body } = await s3(secrets.keys.root).send(read(bucket, key))
      expect(await Body?.transformToString()).toMatch(/,/)
    }
  })

  test('bob is signed in as Identity Center would sign him in', async () => {
    const { Arn } = await new STSClient(client(secrets.keys.bob)).send(new GetCallerIdentityCommand({}))

    expect(Arn).toMatch(
      /^arn:aws:sts::111122223333:assumed-role\/AWSReservedSSO_DataReader_[0-9a-f]{16}\/bob@acme\.example$/,
    )
  })
})

describe('the app in AWS', () => {
  test.each(['prod', 'analytics'] as const)(
    'reaches %s for the repositories it is installed for only',
    async (name) => {
      const { role } = installedAccount(name, templates)
      const hub = new STSClient(client(secrets.keys.hub))
      const assume = (ExternalId: string) =>
        hub.send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'daypass', ExternalId }))

      expect((await assume('daypass/1001')).Credentials).toBeDefined()
      expect((await assume('daypass/1002')).Credentials).toBeDefined()
      await expect(assume('daypass/1003')).rejects.toMatchObject({ name: 'AccessDenied' })
    },
  )

  test('is named as the app in the list of calls', async () => {
    await new STSClient(client(secrets.keys.hub)).send(new GetCallerIdentityCommand({}))

    expect(calls.list().at(-1)).toMatchObject({ caller: 'app', target: 'sts:GetCallerIdentity' })
  })

  test('finds the boundary and the role where the operator file says they are', async () => {
    const { role, boundary } = installedAccount('prod', templates)
    const root = new IAMClient(client(secrets.keys.root))

    const found = await root.send(new GetRoleCommand({ RoleName: 'DaypassAccountRole' }))

    expect(found.Role?.Arn).toBe(role)
    expect(boundary).toBe(`arn:aws:iam::${ACCOUNTS.prod.id}:policy/DaypassBoundary`)
  })
})
