/** Asks AWS who can read what now: each person by their own keys, and by each grant's role that lets them in. */
import { IAMClient, ListRolesCommand, type Role } from '@aws-sdk/client-iam'
import { ListBucketsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import type { AwsKeys, ReadyFile } from '../ready.ts'
import type { Outcome, People } from '../tour-people.ts'

export interface Access {
  readonly objects: readonly ObjectAccess[]
  /** Of the grants that stand in IAM, the next to end first. */
  readonly windows: readonly GrantWindow[]
}

export interface ObjectAccess extends S3Object {
  readonly readers: readonly Reader[]
}

export interface S3Object {
  readonly bucket: string
  readonly key: string
}

export interface Reader {
  readonly login: string
  readonly answer: Answer
}

export type Answer =
  | { readonly kind: 'reads'; readonly through: 'own keys' | 'a grant' }
  | { readonly kind: 'denied' }
  /** AWS neither let in nor refused; never to be taken for either. */
  | { readonly kind: 'unknown'; readonly detail: string }

/** As the role's own trust policy has it, in milliseconds since the epoch. */
export interface GrantWindow {
  readonly role: string
  readonly start: number
  readonly end: number
}

const ADMINISTRATOR = 'root'
/** Whom an administrator becomes in each account, as AWS Organizations sets it up. */
const ADMINISTRATOR_ROLE = 'OrganizationAccountAccessRole'
const GRANTS = '/daypass/'

export async function lookAtAccess(ready: ReadyFile, people: People): Promise<Access> {
  const accounts = await Promise.all(
    Object.values(ready.aws.accounts).map(({ id }) => lookInto(ready, people, id)),
  )
  const roles = accounts.flatMap((account) => account.roles)
  const objects = accounts.flatMap((account) => account.objects)
  const readers = await Promise.all(
    Object.keys(ready.aws.keys).map((login) => whatOneReads(people, login, roles, objects)),
  )
  return {
    objects: objects.map((object) => ({
      ...object,
      readers: readers.map(({ login, answers }) => ({
        login,
        answer: answers.get(object) ?? { kind: 'unknown', detail: 'not asked' },
      })),
    })),
    windows: roles.flatMap(windowOf).sort((a, b) => a.end - b.end),
  }
}

interface Account {
  readonly roles: readonly Role[]
  readonly objects: readonly S3Object[]
}

/** One way that a person tried to read an object by, and where it led. */
export interface Attempt {
  /** A role's ARN, or the person's own keys. */
  readonly through: string
  readonly call: 'AssumeRole' | 'GetObject'
  readonly outcome: Asked<unknown>
  /** What the object holds, where it was read. */
  readonly text?: string
}

/** Every way there is: the person's own keys, and each grant's role. */
export async function tryToRead(
  ready: ReadyFile,
  people: People,
  login: string,
  { bucket, key }: S3Object,
): Promise<readonly Attempt[]> {
  const read = async (through: string, keys: AwsKeys): Promise<Attempt> => {
    const outcome = await ask(() => people.read(keys, bucket, key))
    return { through, call: 'GetObject', outcome, ...(outcome.kind === 'allowed' && { text: outcome.value }) }
  }
  const accounts = Object.values(ready.aws.accounts)
  const roles = await Promise.all(accounts.map(({ id }) => lookInto(ready, people, id)))
  const byRole = roles
    .flatMap((account) => account.roles)
    .map(async ({ Arn: through = '' }): Promise<Attempt> => {
      const outcome = await ask(() => people.assume(login, through))
      return outcome.kind === 'allowed'
        ? read(through, outcome.value)
        : { through, call: 'AssumeRole', outcome }
    })
  return Promise.all([read('own keys', people.keys(login)), ...byRole])
}

/** As an administrator of the account sees it. */
async function lookInto(ready: ReadyFile, people: People, id: string): Promise<Account> {
  const credentials = await administratorOf(people, id)
  const { endpoint, region } = ready.aws
  const client = { endpoint, region, credentials, maxAttempts: 1 }
  const iam = new IAMClient(client)
  const s3 = new S3Client({ ...client, forcePathStyle: true })
  try {
    const [roles, { Buckets = [] }] = await Promise.all([
      listGrants(iam),
      s3.send(new ListBucketsCommand({})),
    ])
    const listed = await Promise.all(
      Buckets.map(async ({ Name: bucket = '' }) => {
        const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }))
        return Contents.map(({ Key: key = '' }) => ({ bucket, key }))
      }),
    )
    return { roles, objects: listed.flat() }
  } finally {
    iam.destroy()
    s3.destroy()
  }
}

async function administratorOf(people: People, account: string): Promise<AwsKeys> {
  const assumed = await people.assume(ADMINISTRATOR, `arn:aws:iam::${account}:role/${ADMINISTRATOR_ROLE}`)
  if (assumed.kind === 'allowed') return assumed.value
  throw new Error(`the administrator is not let into account ${account}: ${assumed.code}`)
}

async function listGrants(iam: IAMClient): Promise<readonly Role[]> {
  const found: Role[] = []
  let Marker: string | undefined
  do {
    const page = await iam.send(new ListRolesCommand({ PathPrefix: GRANTS, Marker }))
    found.push(...(page.Roles ?? []))
    Marker = page.IsTruncated ? page.Marker : undefined
  } while (Marker !== undefined)
  return found
}

async function whatOneReads(
  people: People,
  login: string,
  roles: readonly Role[],
  objects: readonly S3Object[],
): Promise<{ login: string; answers: ReadonlyMap<S3Object, Answer> }> {
  const sessions = await Promise.all(roles.map(({ Arn = '' }) => ask(() => people.assume(login, Arn))))
  const answers = objects.map(async (object) => {
    const reads = (keys: AwsKeys) => ask(() => people.read(keys, object.bucket, object.key))
    const own = await reads(people.keys(login))
    if (own.kind === 'allowed') return [object, { kind: 'reads', through: 'own keys' }] as const
    const lent = await Promise.all(
      sessions.map((session) => (session.kind === 'allowed' ? reads(session.value) : session)),
    )
    return [object, summary([own, ...lent])] as const
  })
  return { login, answers: new Map<S3Object, Answer>(await Promise.all(answers)) }
}

export type Asked<Value> = Outcome<Value> | { readonly kind: 'unknown'; readonly detail: string }

async function ask<Value>(call: () => Promise<Outcome<Value>>): Promise<Asked<Value>> {
  try {
    return await call()
  } catch (error) {
    return { kind: 'unknown', detail: error instanceof Error ? error.message : String(error) }
  }
}

function summary(asked: readonly Asked<unknown>[]): Answer {
  if (asked.some(({ kind }) => kind === 'allowed')) return { kind: 'reads', through: 'a grant' }
  return asked.find((one) => one.kind === 'unknown') ?? { kind: 'denied' }
}

const trust = z.looseObject({
  Statement: z.array(
    z.looseObject({
      Effect: z.string(),
      Condition: z.record(z.string(), z.looseObject({ 'aws:CurrentTime': z.string().optional() })).optional(),
    }),
  ),
})

/** None where nobody is let in: a role that denies everything until its window is over. */
function windowOf({ Arn: role = '', AssumeRolePolicyDocument: document }: Role): GrantWindow[] {
  const read = trust.safeParse(parseDocument(document))
  const opening = read.data?.Statement.find(({ Effect }) => Effect === 'Allow')
  const start = Date.parse(opening?.Condition?.DateGreaterThanEquals?.['aws:CurrentTime'] ?? '')
  const end = Date.parse(opening?.Condition?.DateLessThan?.['aws:CurrentTime'] ?? '')
  if (Number.isNaN(start) || Number.isNaN(end)) return []
  return [{ role, start, end }]
}

/** IAM hands policies out URL-encoded. */
function parseDocument(document: string | undefined): unknown {
  try {
    return JSON.parse(decodeURIComponent(document ?? ''))
  } catch {
    return undefined
  }
}
