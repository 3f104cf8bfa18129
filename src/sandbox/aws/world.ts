/** Makes a world from its seed. */
import type { SandboxClock } from '../clock.ts'
import { readPolicy } from './documents.ts'
import type { AwsSeed, SeedAccount, SeedBucket, SeedIamRole, SeedIamUser } from './seed.ts'
import {
  type Account,
  type Bucket,
  findManagedPolicy,
  type Identity,
  newManagedPolicy,
  newObject,
  newRole,
  newUser,
  type World,
} from './state.ts'
import type { PolicyKind } from './validate-policy.ts'

/** Those that a foreign hand is likeliest to attach to a role. */
const AWS_POLICIES = {
  AdministratorAccess: { Effect: 'Allow', Action: ['*'] },
  AmazonS3ReadOnlyAccess: {
    Effect: 'Allow',
    Action: ['s3:Get*', 's3:List*', 's3:Describe*', 's3-object-lambda:Get*', 's3-object-lambda:List*'],
  },
  AWSDenyAll: { Effect: 'Deny', Action: ['*'] },
  // Of what it denies, what there is here.
  AWSCompromisedKeyQuarantineV2: {
    Effect: 'Deny',
    Action: ['iam:CreateAccessKey', 'iam:CreateUser', 'iam:PutUserPolicy', 'iam:UpdateAccessKey'],
  },
}

/** Everyone is created before any policy is read, for a policy may name anyone of any account. */
export function createWorld(seed: AwsSeed, clock: SandboxClock): World {
  const world: World = {
    partition: seed.partition ?? 'aws',
    region: seed.region,
    longestPage: seed.longestPage ?? 1000,
    clock,
    accounts: new Map(),
    awsPolicies: new Map(),
    identities: new Map(),
    credentials: new Map(),
    buckets: new Map(),
    kmsKeys: new Map(),
    iamDelayMs: 0,
    past: [],
  }
  addAwsPolicies(world)
  const added = seed.accounts.map((account) => ({ seed: account, account: addAccount(world, account) }))
  for (const each of added) addPolicies(world, each.account, each.seed)
  return world
}

function addAwsPolicies(world: World): void {
  for (const [name, statement] of Object.entries(AWS_POLICIES)) {
    const document = {
      Version: '2012-10-17',
      Statement: [{ ...statement, Resource: '*' }],
    }
    const policy = newManagedPolicy(world, 'aws', {
      name,
      path: '/',
      policy: read(world, 'identity', document),
    })
    world.awsPolicies.set(policy.arn, policy)
  }
}

function addAccount(world: World, seed: SeedAccount): Account {
  const account: Account = {
    name: seed.name,
    id: seed.id,
    users: new Map(),
    roles: new Map(),
    policies: new Map(),
    rolesQuota: seed.rolesQuota ?? 1000,
  }
  world.accounts.set(account.id, account)
  for (const user of seed.users) addUser(world, account, user)
  for (const role of seed.roles) addRole(world, account, role)
  return account
}

function addUser(world: World, account: Account, seed: SeedIamUser): void {
  const user = newUser(world, account, seed.name)
  setTags(user, seed.tags)
  user.keys.set(seed.accessKeyId, user.created)
  const caller = { kind: 'user', identity: user, label: seed.login ?? seed.name } as const
  world.credentials.set(seed.accessKeyId, {
    accessKeyId: seed.accessKeyId,
    secret: seed.secretAccessKey,
    caller,
  })
}

function addRole(world: World, account: Account, seed: SeedIamRole): void {
  const role = newRole(world, account, seed)
  if (seed.description !== undefined) role.description = seed.description
  setTags(role, seed.tags)
  const issued = world.clock.now()
  for (const { accessKeyId, secretAccessKey, ...given } of seed.sessions) {
    const expires = issued + given.lifetimeSeconds * 1000
    const { sessionName: name, sessionToken: token, sourceIdentity } = given
    const tags = new Map(Object.entries(given.transitiveTags ?? {}))
    const session = {
      name,
      token,
      issued,
      expires,
      tags,
      transitiveTags: tags,
      ...(sourceIdentity !== undefined && { sourceIdentity }),
    }
    const caller = { kind: 'session', identity: role, session, label: given.login } as const
    world.credentials.set(accessKeyId, { accessKeyId, secret: secretAccessKey, caller })
  }
}

function setTags(identity: Identity, tags: Readonly<Record<string, string>> = {}): void {
  for (const [key, value] of Object.entries(tags)) identity.tags.set(key, value)
}

function addPolicies(world: World, account: Account, seed: SeedAccount): void {
  for (const { document, ...named } of seed.managedPolicies) {
    const policy = newManagedPolicy(world, account.id, {
      ...named,
      policy: read(world, 'identity', document),
    })
    account.policies.set(policy.arn, policy)
  }
  for (const user of seed.users) setInline(world, account.users.get(user.name.toLowerCase()), user.policies)
  for (const seedRole of seed.roles) {
    const role = account.roles.get(seedRole.name.toLowerCase())
    if (role === undefined) continue
    setInline(world, role, seedRole.policies)
    role.trust = read(world, 'trust', seedRole.trust)
    if (seedRole.boundary !== undefined) role.boundary = boundaryOf(world, account, seedRole.boundary)
  }
  for (const { id, policy } of seed.keys) {
    const arn = `arn:${world.partition}:kms:${world.region}:${account.id}:key/${id}`
    world.kmsKeys.set(arn, { arn, account: account.id, policy: read(world, 'key', policy) })
  }
  for (const bucket of seed.buckets) world.buckets.set(bucket.name, newBucket(world, account, bucket))
}

function setInline(
  world: World,
  identity: Identity | undefined,
  policies: Readonly<Record<string, unknown>>,
): void {
  for (const [name, document] of Object.entries(policies))
    identity?.inline.set(name, read(world, 'identity', document))
}

function boundaryOf(world: World, account: Account, arn: string) {
  const policy = findManagedPolicy(world, account, arn)
  if (policy === undefined) throw new Error(`the seed names ${arn} as a boundary, which does not exist`)
  return policy
}

function newBucket(world: World, account: Account, seed: SeedBucket): Bucket {
  return {
    name: seed.name,
    account: account.id,
    created: world.clock.now(),
    objects: new Map(
      Object.entries(seed.objects).map(([key, text]) => [key, [newObject(world, Buffer.from(text))]]),
    ),
    ...(seed.kmsKey !== undefined && { kmsKey: seed.kmsKey }),
    ...(seed.policy !== undefined && { policy: read(world, 'bucket', seed.policy) }),
  }
}

function read(world: World, kind: PolicyKind, document: unknown) {
  return readPolicy(world, kind, JSON.stringify(document))
}
