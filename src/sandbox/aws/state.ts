/** Everything that exists in the sandbox's AWS: accounts, identities, credentials, buckets and keys. */
import { createHash, randomBytes } from 'node:crypto'
import type { SandboxClock } from '../clock.ts'
import { iamArn } from './arn.ts'
import type { Past } from './consistency.ts'
import type { Policy } from './policy.ts'

/** Everything that is taken up again with a world: plain data. */
export interface WorldData {
  readonly partition: string
  readonly region: string
  readonly longestPage: number
  readonly accounts: Map<string, Account>
  /** Policies that AWS itself offers to every account, by ARN. */
  readonly awsPolicies: Map<string, ManagedPolicy>
  /** Users and roles that exist, by unique id. */
  readonly identities: Map<string, Identity>
  /** By access key id. */
  readonly credentials: Map<string, Credentials>
  readonly buckets: Map<string, Bucket>
  /** By ARN. */
  readonly kmsKeys: Map<string, KmsKey>
  /** How long a change to IAM takes to be seen, in milliseconds. */
  iamDelayMs: number
  /** Oldest first. */
  past: Past[]
}

export interface World extends WorldData {
  readonly clock: SandboxClock
}

/** Without what the world lives in. */
export function dataOf({ clock: _, ...data }: World): WorldData {
  return data
}

export interface Account {
  readonly name: string
  readonly id: string
  /** By name in lower case: IAM's names are unique without regard to case. */
  readonly users: Map<string, User>
  readonly roles: Map<string, Role>
  /** By ARN. */
  readonly policies: Map<string, ManagedPolicy>
  /** AWS raises it on request. */
  rolesQuota: number
}

interface Principal {
  readonly id: string
  readonly account: string
  readonly name: string
  readonly path: string
  readonly arn: string
  readonly created: number
  readonly inline: Map<string, Policy>
  readonly attached: Map<string, ManagedPolicy>
  readonly tags: Map<string, string>
  boundary?: ManagedPolicy
}

export interface User extends Principal {
  readonly kind: 'user'
  /** When each of the access keys was made, by its id. */
  readonly keys: Map<string, number>
}

export interface Role extends Principal {
  readonly kind: 'role'
  trust: Policy
  description?: string
  maxSessionDuration: number
  /** When a session of it last signed a request, and for which region. */
  lastUsed?: { readonly at: number; readonly region: string }
}

export type Identity = User | Role

export interface ManagedPolicy {
  readonly id: string
  readonly arn: string
  readonly name: string
  readonly path: string
  readonly created: number
  /** By version id, in the order of their making. */
  readonly versions: Map<string, PolicyVersion>
  defaultVersion: PolicyVersion
  /** Versions ever made: ids are not used again. */
  made: number
  readonly tags: Map<string, string>
}

export interface PolicyVersion {
  readonly id: string
  readonly created: number
  readonly policy: Policy
}

export interface Session {
  readonly name: string
  readonly token: string
  readonly issued: number
  readonly expires: number
  /** Undefined where none was given: then the role's permissions stand alone. */
  readonly policies?: readonly Policy[]
  readonly sourceIdentity?: string
  readonly tags?: ReadonlyMap<string, string>
  /** Those of its tags that the sessions it goes on to inherit. */
  readonly transitiveTags?: ReadonlyMap<string, string>
}

export type Caller =
  | { readonly kind: 'user'; readonly identity: User; readonly label: string }
  | { readonly kind: 'session'; readonly identity: Role; readonly session: Session; readonly label: string }

export interface Credentials {
  readonly accessKeyId: string
  readonly secret: string
  readonly caller: Caller
}

export interface Bucket {
  readonly name: string
  readonly account: string
  readonly created: number
  readonly kmsKey?: string
  /** All versions of each key, the newest last. */
  readonly objects: Map<string, ObjectVersion[]>
  policy?: Policy
}

export interface ObjectVersion {
  readonly id: string
  readonly modified: number
  readonly body: Buffer
  readonly etag: string
  readonly headers: Readonly<Record<string, string>>
  /** A delete marker hides the versions below it. */
  readonly deleted: boolean
}

interface KmsKey {
  readonly arn: string
  readonly account: string
  readonly policy: Policy
}

/** The trust of a role until it is given one: it lets nobody in. */
const NO_TRUST: Policy = {
  kind: 'trust',
  text: '{"Statement":[{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]}',
}

const ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Such as AROA and seventeen letters and digits: never given twice, so a name made anew is somebody else. */
export function uniqueId(prefix: 'AIDA' | 'AROA' | 'ANPA' | 'ASIA' | 'AKIA'): string {
  const length = prefix === 'ASIA' || prefix === 'AKIA' ? 16 : 17
  return prefix + Array.from(randomBytes(length), (byte) => ID_LETTERS.charAt(byte % 32)).join('')
}

export function newRole(
  world: World,
  account: Account,
  { name, path, maxSessionDuration = 3600 }: { name: string; path: string; maxSessionDuration?: number },
): Role {
  const role: Role = {
    kind: 'role',
    ...newPrincipal(world, account, 'AROA', `role${path}${name}`, name, path),
    trust: NO_TRUST,
    maxSessionDuration,
  }
  account.roles.set(name.toLowerCase(), role)
  world.identities.set(role.id, role)
  return role
}

export function newUser(world: World, account: Account, name: string): User {
  const principal = newPrincipal(world, account, 'AIDA', `user/${name}`, name, '/')
  const user: User = { kind: 'user', ...principal, keys: new Map() }
  account.users.set(name.toLowerCase(), user)
  world.identities.set(user.id, user)
  return user
}

function newPrincipal(
  world: World,
  account: Account,
  prefix: 'AIDA' | 'AROA',
  resource: string,
  name: string,
  path: string,
): Principal {
  return {
    id: uniqueId(prefix),
    account: account.id,
    name,
    path,
    arn: iamArn(world.partition, account.id, resource),
    created: world.clock.now(),
    inline: new Map(),
    attached: new Map(),
    tags: new Map(),
  }
}

export function newManagedPolicy(
  world: World,
  owner: string,
  { name, path, policy }: { name: string; path: string; policy: Policy },
): ManagedPolicy {
  const version = { id: 'v1', created: world.clock.now(), policy }
  return {
    id: uniqueId('ANPA'),
    arn: iamArn(world.partition, owner, `policy${path}${name}`),
    name,
    path,
    created: world.clock.now(),
    versions: new Map([['v1', version]]),
    defaultVersion: version,
    made: 1,
    tags: new Map(),
  }
}

export function newObject(
  world: World,
  body: Buffer,
  { headers = {}, deleted = false }: { headers?: Readonly<Record<string, string>>; deleted?: boolean } = {},
): ObjectVersion {
  return {
    id: randomBytes(24).toString('base64url'),
    modified: world.clock.now(),
    body,
    etag: `"${createHash('md5').update(body).digest('hex')}"`,
    headers,
    deleted,
  }
}

/** The latest version of a key, unless it was deleted. */
export function currentObject(bucket: Bucket, key: string): ObjectVersion | undefined {
  const version = bucket.objects.get(key)?.at(-1)
  return version?.deleted === true ? undefined : version
}

export function findManagedPolicy(world: World, account: Account, arn: string): ManagedPolicy | undefined {
  return account.policies.get(arn) ?? world.awsPolicies.get(arn)
}

/** The ARN that GetCallerIdentity shows: of a session, the session's. */
export function callerArn(world: World, { identity, ...caller }: Caller): string {
  if (caller.kind === 'user') return identity.arn
  return `arn:${world.partition}:sts::${identity.account}:assumed-role/${identity.name}/${caller.session.name}`
}

/** What `aws:userid` holds. */
export function callerUserId(caller: Caller): string {
  return caller.kind === 'user' ? caller.identity.id : `${caller.identity.id}:${caller.session.name}`
}
