/** A small AWS for the wire tests: two accounts, the shipped templates, people, buckets, and SDK clients for each. */
import { readFileSync } from 'node:fs'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, type AssumeRoleCommandInput, STSClient } from '@aws-sdk/client-sts'
import { deployTemplate } from '../../../src/sandbox/aws/cloudformation.ts'
import type { AwsSeed, SeedIamUser } from '../../../src/sandbox/aws/seed.ts'
import { type AwsSandbox, startAws } from '../../../src/sandbox/aws/server.ts'
import { type CallLog, createCallLog } from '../../../src/sandbox/calls.ts'
import { createClock, type SandboxClock } from '../../../src/sandbox/clock.ts'
import { createFaults, type Faults } from '../../../src/sandbox/faults.ts'

export const REGION = 'eu-central-1'
export const PROD = '111111111111'
export const ANALYTICS = '222222222222'
const HUB = '333333333333'
export const BOUNDARY = `arn:aws:iam::${PROD}:policy/DaypassBoundary`
export const ACCOUNT_ROLE = `arn:aws:iam::${PROD}:role/DaypassAccountRole`
export const HUB_ROLE = `arn:aws:iam::${HUB}:role/DaypassHub`
export const KEY_ARN = `arn:aws:kms:${REGION}:${PROD}:key/archive`
export const EXTERNAL_ID = 'daypass/4711'
/** Far from the time of any machine that runs the tests: the sandbox takes signatures near that as well. */
export const NOON = Date.UTC(2031, 10, 24, 12)

export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface Fixture {
  readonly aws: AwsSandbox
  readonly clock: SandboxClock
  readonly calls: CallLog
  readonly faults: Faults
  close(): Promise<void>
}

export const allow = (action: string | string[], resource: string | string[] = '*', condition?: object) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: action, Resource: resource, ...(condition && { Condition: condition }) },
  ],
})

export const trust = (principal: object | string, condition?: object) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: principal,
      Action: 'sts:AssumeRole',
      ...(condition && { Condition: condition }),
    },
  ],
})

export const userArn = (name: string, account = PROD) => `arn:aws:iam::${account}:user/${name}`

const user = (name: string, policies: SeedIamUser['policies'] = {}): SeedIamUser => ({
  name,
  ...keysOf(name),
  policies,
})

/** Every seeded user's keys follow from the name. */
export function keysOf(name: string): Keys {
  return { accessKeyId: `AKIA${name.toUpperCase().padEnd(16, '0')}`, secretAccessKey: `${name}-secret` }
}

export const BOB: Keys = {
  accessKeyId: 'ASIABOB000000000000A',
  secretAccessKey: 'bob',
  sessionToken: 'bob-token',
}
export const APP: Keys = {
  accessKeyId: 'ASIAAPP000000000000A',
  secretAccessKey: 'app',
  sessionToken: 'app-token',
}

const template = (name: string) =>
  readFileSync(new URL(`../../../deploy/${name}.yaml`, import.meta.url), 'utf8')
const YEARS = 10 * 365 * 86_400

function seed(): AwsSeed {
  const place = { partition: 'aws', region: REGION }
  const hub = deployTemplate(template('hub'), { AccountRoleArns: [ACCOUNT_ROLE] }, { id: HUB, ...place })
  const account = deployTemplate(
    template('account'),
    {
      HubRoleArn: HUB_ROLE,
      ExternalIds: [EXTERNAL_ID, 'daypass/4712'],
      LendableBucketArns: ['arn:aws:s3:::customer-exports', 'arn:aws:s3:::billing-archive'],
      KmsKeyArns: [KEY_ARN],
    },
    { id: PROD, ...place },
  )
  const session = { login: 'app', sessionName: 'app', lifetimeSeconds: YEARS, ...sessionKeys(APP) }
  const bob = { login: 'bob', sessionName: 'bob@example.com', lifetimeSeconds: YEARS, ...sessionKeys(BOB) }
  return {
    region: REGION,
    accounts: [
      {
        name: 'hub',
        id: HUB,
        users: [],
        roles: hub.roles.map((role) => ({ ...role, sessions: [session] })),
        managedPolicies: [],
        buckets: [],
        keys: [],
      },
      {
        name: 'prod',
        id: PROD,
        users: [
          user('admin', { all: allow('*') }),
          user('alice'),
          user('mallory', { own: allow('s3:ListAllMyBuckets') }),
        ],
        roles: [
          ...account.roles,
          {
            name: 'AWSReservedSSO_Developers_0123456789abcdef',
            path: `/aws-reserved/sso.amazonaws.com/${REGION}/`,
            trust: trust({ Federated: `arn:aws:iam::${PROD}:saml-provider/sso` }),
            policies: { may: allow('sts:AssumeRole', `arn:aws:iam::${PROD}:role/daypass/*`) },
            sessions: [bob],
          },
        ],
        managedPolicies: account.managedPolicies,
        buckets: [
          {
            name: 'customer-exports',
            objects: {
              'exports/2026/10/orders.csv': 'october',
              'exports/2026/11/orders.csv': 'november',
              'internal/salaries.csv': 'secret',
            },
          },
          { name: 'billing-archive', objects: { 'invoices/1.pdf': 'invoice' }, kmsKey: KEY_ARN },
        ],
        keys: [
          {
            id: 'archive',
            policy: {
              Version: '2012-10-17',
              Statement: [
                {
                  Effect: 'Allow',
                  Principal: { AWS: `arn:aws:iam::${PROD}:root` },
                  Action: 'kms:*',
                  Resource: '*',
                },
              ],
            },
          },
        ],
      },
      {
        name: 'analytics',
        id: ANALYTICS,
        users: [user('ana', { all: allow('*') })],
        roles: [],
        managedPolicies: [],
        buckets: [{ name: 'clickstream', objects: { 'clicks.csv': 'clicks' } }],
        keys: [],
      },
    ],
  }
}

function sessionKeys({ accessKeyId, secretAccessKey, sessionToken = '' }: Keys) {
  return { accessKeyId, secretAccessKey, sessionToken }
}

export async function start(change: Partial<AwsSeed> = {}, iamDelayMs = 0): Promise<Fixture> {
  const clock = createClock()
  clock.set(NOON)
  const calls = createCallLog()
  const faults = createFaults()
  const aws = await startAws({ seed: { ...seed(), ...change }, clock, calls, faults, iamDelayMs })
  return { aws, clock, calls, faults, close: () => aws.close() }
}

const options = ({ aws }: Fixture, credentials: Keys) => ({
  endpoint: aws.endpoint,
  region: REGION,
  credentials,
  maxAttempts: 2,
})

export const iamOf = (fixture: Fixture, keys: Keys) => new IAMClient(options(fixture, keys))
export const stsOf = (fixture: Fixture, keys: Keys) => new STSClient(options(fixture, keys))
export const s3Of = (fixture: Fixture, keys: Keys) =>
  new S3Client({ ...options(fixture, keys), forcePathStyle: true })

export async function assume(
  fixture: Fixture,
  keys: Keys,
  input: Partial<AssumeRoleCommandInput> & { RoleArn: string },
): Promise<Keys> {
  const answer = await stsOf(fixture, keys).send(
    new AssumeRoleCommand({ RoleSessionName: 'session', ...input }),
  )
  const {
    AccessKeyId: accessKeyId = '',
    SecretAccessKey: secretAccessKey = '',
    SessionToken,
  } = answer.Credentials ?? {}
  return { accessKeyId, secretAccessKey, ...(SessionToken && { sessionToken: SessionToken }) }
}

/** The app's session in the account, as it works in production: hub role, then account role with the external id. */
export function appIn(fixture: Fixture): Promise<Keys> {
  return assume(fixture, APP, { RoleArn: ACCOUNT_ROLE, ExternalId: EXTERNAL_ID })
}

/** The name of the error a call ends with; `ok` where it ends well. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'ok'
  } catch (error) {
    return error instanceof Error ? error.name : String(error)
  }
}

let made = 0

/** Alice in a new role that may do just this. */
export async function aliceWith(
  fixture: Fixture,
  document: object,
): Promise<{ readonly s3: S3Client; readonly roleArn: string; readonly keys: Keys }> {
  made += 1
  const iam = iamOf(fixture, keysOf('admin'))
  const RoleName = `alice-${made}`
  const AssumeRolePolicyDocument = JSON.stringify(trust({ AWS: userArn('alice') }))
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
  const PolicyDocument = JSON.stringify(document)
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument }))
  const roleArn = `arn:aws:iam::${PROD}:role/${RoleName}`
  const keys = await assume(fixture, keysOf('alice'), { RoleArn: roleArn, RoleSessionName: 'alice' })
  return { s3: s3Of(fixture, keys), roleArn, keys }
}
