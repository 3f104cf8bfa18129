/** What people do by hand: open, approve and merge requests at GitHub, assume roles and read at AWS, each as themselves. */
import { IAMClient } from '@aws-sdk/client-iam'
import { GetObjectCommand, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts'
import { Octokit } from '@octokit/rest'
import type { AwsKeys, ReadyFile } from './ready.ts'

export interface OpenedRequest {
  /** `acme/access` */
  readonly repository: string
  readonly path: string
  readonly branch: string
  readonly pull: number
  readonly head: string
  readonly url: string
}

/** What became of a call that may be refused; anything else than an answer or a refusal is thrown. */
export type Outcome<Value> =
  | { readonly kind: 'allowed'; readonly value: Value }
  | { readonly kind: 'denied'; readonly code: string }

export interface People {
  github(login: string): Octokit
  /** Commits one file to a branch of its own and opens a pull request with it. */
  openRequest(login: string, repository: string, path: string, yaml: string): Promise<OpenedRequest>
  /** Approves the commit that was opened. */
  approve(login: string, request: OpenedRequest): Promise<void>
  merge(login: string, request: OpenedRequest): Promise<{ readonly sha: string; readonly mergedAt: number }>
  keys(login: string): AwsKeys
  iam(login: string): IAMClient
  /** `seconds`: how long the session is to last; an hour where left out. */
  assume(login: string, roleArn: string, seconds?: number): Promise<Outcome<AwsKeys>>
  read(keys: AwsKeys, bucket: string, key: string): Promise<Outcome<string>>
  write(keys: AwsKeys, bucket: string, key: string, text: string): Promise<Outcome<undefined>>
}

/** Octokit writes each refusal to the console; whoever calls gets it as an exception already. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

/** Each role assumed is another client; those of old sessions are let go. */
const KEPT_CLIENTS = 200

/** Codes by which S3 and STS refuse a caller whose policies don't allow the call. */
const DENIALS = new Set(['AccessDenied', 'AccessDeniedException'])

export function createPeople({ github, aws }: ReadyFile): People {
  const octokits = new Map<string, Octokit>()
  /** By access key id: a client holds its connections. */
  const s3Clients = new Map<string, S3Client>()
  const stsClients = new Map<string, STSClient>()

  function octokit(login: string): Octokit {
    const known = octokits.get(login)
    if (known) return known
    const created = new Octokit({
      auth: lookUp(github.tokens, login),
      baseUrl: `${github.url}/api/v3`,
      log: SILENT,
    })
    octokits.set(login, created)
    return created
  }

  const keys = (login: string) => lookUp(aws.keys, login)
  const client = (credentials: AwsKeys) => ({
    endpoint: aws.endpoint,
    region: aws.region,
    credentials,
    // The second one is for a clock that was moved: the SDK then learns the time from the refusal.
    maxAttempts: 2,
  })

  function s3(credentials: AwsKeys): S3Client {
    const known = s3Clients.get(credentials.accessKeyId)
    if (known) return known
    const created = new S3Client({ ...client(credentials), forcePathStyle: true })
    created.middlewareStack.addRelativeTo(denyOnce, DENY_ONCE)
    s3Clients.set(credentials.accessKeyId, created)
    for (const [id, client] of s3Clients) {
      if (s3Clients.size <= KEPT_CLIENTS) break
      s3Clients.delete(id)
      client.destroy()
    }
    return created
  }

  function sts(login: string): STSClient {
    const known = stsClients.get(login)
    if (known) return known
    const created = new STSClient(client(keys(login)))
    created.middlewareStack.addRelativeTo(denyOnce, DENY_ONCE)
    stsClients.set(login, created)
    return created
  }

  return {
    github: octokit,
    keys,
    iam: (login) => new IAMClient(client(keys(login))),
    openRequest: (login, repository, path, yaml) => openRequest(octokit(login), repository, path, yaml),

    async approve(login, { repository, pull, head }) {
      await octokit(login).pulls.createReview({
        ...named(repository),
        pull_number: pull,
        commit_id: head,
        event: 'APPROVE',
      })
    },

    async merge(login, { repository, pull, head }) {
      const at = { ...named(repository), pull_number: pull }
      const merged = await octokit(login).pulls.merge({ ...at, sha: head })
      const { data } = await octokit(login).pulls.get(at)
      return { sha: merged.data.sha, mergedAt: Date.parse(data.merged_at ?? '') }
    },

    assume: (login, roleArn, seconds) =>
      outcome(async () => {
        const { Credentials: given } = await sts(login).send(
          new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: login, DurationSeconds: seconds }),
        )
        const { AccessKeyId, SecretAccessKey, SessionToken } = given ?? {}
        if (!AccessKeyId || !SecretAccessKey || !SessionToken) throw new Error('STS gave no credentials')
        return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
      }),

    read: (credentials, bucket, key) =>
      outcome(async () => {
        const { Body } = await s3(credentials).send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        return (await Body?.transformToString()) ?? ''
      }),

    write: (credentials, bucket, key, text) =>
      outcome(async () => {
        await s3(credentials).send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }))
        return undefined
      }),
  }
}

const DENY_ONCE = { relation: 'after', toMiddleware: 'retryMiddleware', name: 'denyOnce' } as const

/** Where the machine's clock is another than the sandbox's, the SDK takes every refusal for one of the time, and tries again. */
function denyOnce<Call, Outcome>(next: (call: Call) => Promise<Outcome>) {
  return (call: Call) =>
    next(call).catch((error: unknown) => {
      if (error instanceof Error && DENIALS.has(error.name) && '$metadata' in error)
        Object.assign(error, { $metadata: { ...(error.$metadata as object), clockSkewCorrected: undefined } })
      throw error
    })
}

export function named(repository: string): { owner: string; repo: string } {
  const [owner = '', repo = ''] = repository.split('/')
  return { owner, repo }
}

async function openRequest(
  octokit: Octokit,
  repository: string,
  path: string,
  yaml: string,
): Promise<OpenedRequest> {
  const at = named(repository)
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.yaml$/, '')
  const main = await octokit.git.getRef({ ...at, ref: 'heads/main' })
  const branch = `request/${name}`
  await octokit.git.createRef({ ...at, ref: `refs/heads/${branch}`, sha: main.data.object.sha })
  const content = Buffer.from(yaml).toString('base64')
  await octokit.repos.createOrUpdateFileContents({ ...at, path, branch, content, message: `Ask for ${name}` })
  const { data } = await octokit.pulls.create({ ...at, title: `Ask for ${name}`, head: branch, base: 'main' })
  return { repository, path, branch, pull: data.number, head: data.head.sha, url: data.html_url }
}

async function outcome<Value>(call: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { kind: 'allowed', value: await call() }
  } catch (error) {
    const refused = error instanceof S3ServiceException || error instanceof STSServiceException
    if (refused && DENIALS.has(error.name)) return { kind: 'denied', code: error.name }
    throw error
  }
}

function lookUp<Value>(values: Readonly<Record<string, Value>>, login: string): Value {
  const value = values[login]
  if (value === undefined) throw new Error(`nobody is called ${login} here`)
  return value
}
