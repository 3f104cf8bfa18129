/** The sandbox's AWS with Daypass installed from `deploy/`, the app's side of it under test, and an administrator to look with. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import {
  AttachRolePolicyCommand,
  DeleteRolePermissionsBoundaryCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, type AssumeRoleCommandInput, STSClient } from '@aws-sdk/client-sts'
import { type AccountClients, createAccountClients } from '../../src/aws/clients.ts'
import { createGrantReader } from '../../src/aws/grant-reader.ts'
import { createGrantWriter } from '../../src/aws/grant-writer.ts'
import type { Account } from '../../src/core/account.ts'
import type { ForeignRole, Grant, StandingGrant } from '../../src/core/grant.ts'
import type { SeedAccount, SeedIamRole, SeedSession } from '../../src/sandbox/aws/seed.ts'
import { startAws } from '../../src/sandbox/aws/server.ts'
import { createCallLog } from '../../src/sandbox/calls.ts'
import { createClock } from '../../src/sandbox/clock.ts'
import { createFaults } from '../../src/sandbox/faults.ts'
import { ACCOUNTS, BOB, newSecrets, REGION, REPOSITORIES } from '../../src/sandbox/seed.ts'
import { awsSeed, installedAccount } from '../../src/sandbox/seed-aws.ts'
import { START, sampleGrant } from '../core/grant-samples.ts'

export const REPOSITORY: number = REPOSITORIES.protected.id

type Keys = { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
type AwsWorldOptions = {
  readonly longestPage?: number
  readonly iamDelayMs?: number
  /** By bucket. */
  readonly bucketPolicies?: Readonly<Record<string, unknown>>
  /** People who are signed in to account `prod`, besides bob, each by a role of their permission set. */
  readonly identityCenter?: readonly SignedIn[]
}

interface SignedIn extends Pick<SeedSession, 'sourceIdentity' | 'transitiveTags'> {
  readonly permissionSet: string
  readonly userName: string
}

export type AwsWorld = Awaited<ReturnType<typeof startAwsWorld>>

/** What IAM holds of one role, in plain words, for comparing. */
export interface RoleState {
  readonly arn: string | undefined
  readonly description: string | undefined
  readonly trust: unknown
  readonly boundary: string | undefined
  readonly maxSession: number | undefined
  readonly policies: Readonly<Record<string, unknown>>
  readonly attached: readonly (string | undefined)[]
  readonly tags: Readonly<Record<string, string>>
}

/** Making keys takes longer than most tests; who is who matters to none of them. */
const everySecret = newSecrets()

export async function startAwsWorld({
  longestPage,
  iamDelayMs,
  bucketPolicies = {},
  identityCenter = [],
}: AwsWorldOptions = {}) {
  const templates = {
    hub: await readFile('deploy/hub.yaml', 'utf8'),
    account: await readFile('deploy/account.yaml', 'utf8'),
  }
  const secrets = await everySecret
  const clock = createClock()
  clock.set(START * 1000)
  const calls = createCallLog()
  const faults = createFaults()
  const seed = awsSeed(secrets, templates)
  const accounts = seed.accounts.map((account) => ({
    ...account,
    roles: account.name === 'prod' ? [...account.roles, ...rolesOf(account, identityCenter)] : account.roles,
    buckets: account.buckets.map((bucket) => ({ ...bucket, policy: bucketPolicies[bucket.name] })),
  }))
  const aws = await startAws({ seed: { ...seed, accounts, longestPage }, clock, calls, faults, iamDelayMs })
  const client = { endpoint: aws.endpoint, region: REGION, maxAttempts: 2 }
  const admin = new IAMClient({ ...client, credentials: secrets.keys.root })

  const account = (alias: 'prod' | 'analytics'): Account => ({
    alias,
    ...ACCOUNTS[alias],
    partition: 'aws',
    region: REGION,
    ...installedAccount(alias, templates),
  })
  const prod = account('prod')
  const settings = { now: () => clock.now(), endpoint: aws.endpoint, hubCredentials: secrets.keys.hub }
  const clients = createAccountClients(settings)
  const foreign: ForeignRole[] = []
  const slept: number[] = []
  const onForeign = (role: ForeignRole) => void foreign.push(role)

  async function assume(
    keys: Keys,
    roleArn: string,
    more: Partial<AssumeRoleCommandInput> = {},
  ): Promise<Keys> {
    const sts = new STSClient({ ...client, credentials: keys })
    const { Credentials: lent } = await sts.send(
      new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'daypass', ...more }),
    )
    return {
      accessKeyId: lent?.AccessKeyId ?? '',
      secretAccessKey: lent?.SecretAccessKey ?? '',
      sessionToken: lent?.SessionToken ?? '',
    }
  }

  return {
    secrets,
    clock,
    calls,
    faults,
    admin,
    prod,
    analytics: account('analytics'),
    settings,
    clients,
    foreign,
    slept,
    reader: createGrantReader({ clients, onForeign }),
    writer: createGrantWriter({
      clients,
      sleep: async (pause) => void slept.push(pause),
      now: secondsOf(clock),
    }),
    /** A client of S3 with what a person gets by assuming the role. */
    async s3For(person: 'alice' | 'bob' | 'mallory', roleArn: string) {
      const credentials = await assume(secrets.keys[person], roleArn)
      return new S3Client({ ...client, credentials, forcePathStyle: true })
    },
    assume,
    s3With: (credentials: Keys) => new S3Client({ ...client, credentials, forcePathStyle: true }),
    assumeFrom: (person: SignedIn, roleArn: string, more?: Partial<AssumeRoleCommandInput>) =>
      assume(keysOf(person), roleArn, more),
    stripBoundary: (RoleName: string) => admin.send(new DeleteRolePermissionsBoundaryCommand({ RoleName })),
    putPolicy: (RoleName: string, PolicyName: string, document: unknown) =>
      admin.send(
        new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: JSON.stringify(document) }),
      ),
    /** Attaches a policy that others made. */
    attach: (RoleName: string, PolicyArn = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess') =>
      admin.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })),
    setBoundary: (RoleName: string, PermissionsBoundary: string) =>
      admin.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary })),
    roleState: (roleName: string) => readRoleState(admin, roleName),
    /** The app's calls so far that change something. */
    changes: () =>
      calls
        .list()
        .filter(({ caller, target }) => caller === 'app' && !/:(Get|List|Assume)/.test(target))
        .map(({ target }) => target),
    close: () => aws.close(),
  }
}

/** Each as Identity Center made bob's, with a suffix of its own. */
function rolesOf({ roles }: SeedAccount, people: readonly SignedIn[]): SeedIamRole[] {
  const bobs = roles.find(({ name }) => name.startsWith('AWSReservedSSO_'))
  if (!bobs) throw new Error('nobody is signed in to this account')
  return people.map((person, index) => ({
    ...bobs,
    name: `AWSReservedSSO_${person.permissionSet}_${String(index).padStart(16, 'f')}`,
    sessions: bobs.sessions.map((session) => ({
      ...session,
      sessionName: person.userName,
      ...keysOf(person),
      ...(person.sourceIdentity !== undefined && { sourceIdentity: person.sourceIdentity }),
      ...(person.transitiveTags && { transitiveTags: person.transitiveTags }),
    })),
  }))
}

function keysOf({ permissionSet, userName }: SignedIn) {
  const mark = createHash('sha256').update(`${permissionSet}/${userName}`).digest('hex')
  return {
    accessKeyId: `ASIA${mark.slice(0, 16).toUpperCase()}`,
    secretAccessKey: mark.slice(0, 40),
    sessionToken: mark,
  }
}

/** The time as the app has it. */
export const secondsOf = (clock: { now(): number }) => () => Math.floor(clock.now() / 1000)

export const bobIn = (account: Account) =>
  ({ kind: 'identity-center', accountId: account.id, partition: 'aws', ...BOB }) as const

/** A grant of this world: alice's, for `customer-exports`, unless told otherwise. */
export function grantIn(world: AwsWorld, sample: Parameters<typeof sampleGrant>[0] = {}): Grant {
  return sampleGrant({
    account: world.prod,
    principal: { kind: 'iam-user', arn: `arn:aws:iam::${world.prod.id}:user/alice` },
    ...sample,
    identity: { repositoryId: REPOSITORY, ...sample.identity },
  })
}

export function standingOf(grant: Grant, state: StandingGrant['state'] = { kind: 'live' }): StandingGrant {
  const { identity, account, roleName, rolePath, roleArn, blob, window } = grant
  return { identity, account, roleName, rolePath, roleArn, blob, window, state }
}

/** The writer of a process that dies at its n-th call to IAM: before it is sent, or after it was answered. */
export function dyingWriter(world: AwsWorld, at: number, when: 'before' | 'after') {
  let sent = 0
  const clients: AccountClients = {
    use: (account, repositoryId, task) =>
      world.clients.use(account, repositoryId, (iam) => {
        const send = async (...parameters: Parameters<IAMClient['send']>) => {
          sent += 1
          if (sent === at && when === 'before') throw new Error('killed')
          const answer = await iam.send(...parameters)
          if (sent === at) throw new Error('killed')
          return answer
        }
        return task(
          new Proxy(iam, { get: (target, key) => (key === 'send' ? send : Reflect.get(target, key)) }),
        )
      }),
  }
  return createGrantWriter({ clients, sleep: async () => {}, now: secondsOf(world.clock) })
}

async function readRoleState(iam: IAMClient, name: string): Promise<RoleState | undefined> {
  const of = { RoleName: name }
  const answer = await iam.send(new GetRoleCommand(of)).catch((error: Error) => {
    if (error.name !== 'NoSuchEntityException') throw error
  })
  if (!answer?.Role) return undefined
  const { Role: role } = answer
  const { PolicyNames: names = [] } = await iam.send(new ListRolePoliciesCommand(of))
  const policies: Record<string, unknown> = {}
  for (const policy of names) {
    const { PolicyDocument: text } = await iam.send(new GetRolePolicyCommand({ ...of, PolicyName: policy }))
    policies[policy] = parse(text)
  }
  const { AttachedPolicies: attached = [] } = await iam.send(new ListAttachedRolePoliciesCommand(of))
  const { Tags: tags = [] } = await iam.send(new ListRoleTagsCommand(of))
  return {
    arn: role.Arn,
    description: role.Description,
    trust: parse(role.AssumeRolePolicyDocument),
    boundary: role.PermissionsBoundary?.PermissionsBoundaryArn,
    maxSession: role.MaxSessionDuration,
    policies,
    attached: attached.map(({ PolicyArn }) => PolicyArn),
    tags: Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])),
  }
}

function parse(text: string | undefined): unknown {
  return JSON.parse(decodeURIComponent(text ?? 'null'))
}
