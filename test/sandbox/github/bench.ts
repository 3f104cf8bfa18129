/** A running sandbox GitHub for tests: a small world, a listening app, and every exchange held to the contract. */
import { spawn } from 'node:child_process'
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Octokit } from '@octokit/rest'
import { createCallLog } from '../../../src/sandbox/calls.ts'
import { createClock } from '../../../src/sandbox/clock.ts'
import { createFaults } from '../../../src/sandbox/faults.ts'
import type { GitHubSeed, SeedRepository } from '../../../src/sandbox/github/seed.ts'
import { startGitHub } from '../../../src/sandbox/github/server.ts'
import { checkExchange } from '../../contract/github-schema.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

const WEBHOOK_SECRET = 'a secret of the bench'
const APP_ID = 4711
const INSTALLATION_ID = 815

const CODEOWNERS = '* @acme/data-owners\n/docs/ @oscar\n'

const person = (login: string, id: number, organizationRole: 'admin' | 'member' | 'outside' = 'member') => ({
  login,
  id,
  name: login[0]?.toUpperCase() + login.slice(1),
  email: `${login}@example.com`,
  token: `token-of-${login}`,
  organizationRole,
})

const open: SeedRepository = {
  name: 'open',
  id: 101,
  private: true,
  defaultBranch: 'main',
  collaborators: { alice: 'write', mallory: 'write', rita: 'read' },
  teams: { 'data-owners': 'push' },
  files: { 'README.md': 'Hello\n', '.github/CODEOWNERS': CODEOWNERS, 'docs/guide.md': 'A guide\n' },
  author: 'root',
}

export const SEED: GitHubSeed = {
  organization: { login: 'acme', id: 1 },
  users: [
    person('alice', 11),
    person('olivia', 12),
    person('oscar', 13),
    person('mallory', 14),
    person('rita', 15),
    person('root', 16, 'admin'),
    person('stranger', 17, 'outside'),
  ],
  teams: [
    { slug: 'data-owners', id: 21, members: ['olivia'] },
    { slug: 'seniors', id: 22, members: ['oscar'], parent: 'data-owners' },
  ],
  app: {
    id: APP_ID,
    slug: 'daypass',
    clientId: 'Iv1.bench',
    publicKey,
    webhookSecret: WEBHOOK_SECRET,
    installationId: INSTALLATION_ID,
    permissions: {
      contents: 'write',
      pull_requests: 'write',
      checks: 'write',
      issues: 'write',
      members: 'read',
      metadata: 'read',
    },
    events: [
      'pull_request',
      'pull_request_review',
      'push',
      'check_run',
      'check_suite',
      'issue_comment',
      'create',
      'delete',
    ],
  },
  repositories: [
    open,
    {
      ...open,
      name: 'guarded',
      id: 102,
      protection: {
        requiredApprovals: 1,
        codeOwnerReview: true,
        dismissStaleReviews: true,
        requiredChecks: ['Daypass / request'],
        bypassForPullRequests: ['app'],
      },
    },
    { ...open, name: 'public', id: 103, private: false },
  ],
}

export interface Delivered {
  readonly guid: string
  readonly event: string
  readonly action: string | undefined
  readonly signed: boolean
  readonly payload: Record<string, unknown>
}

export type Bench = Awaited<ReturnType<typeof startBench>>

export async function startBench(seed: GitHubSeed = SEED, limits: { rateLimit?: number } = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'sandbox-github-'))
  const clock = createClock()
  const calls = createCallLog()
  const faults = createFaults()
  const violations: string[] = []
  const receiver = await startReceiver()
  let down = false
  const github = await startGitHub({
    seed,
    clock,
    calls,
    faults,
    dataDir,
    ...limits,
    webhookUrl: () => (down ? undefined : receiver.url),
    onExchange: (exchange) => violations.push(...checkExchange(exchange)),
  })
  const api = `${github.url}/api/v3`
  const octokit = (auth: string) => new Octokit({ auth, baseUrl: api, log: SILENT })

  return {
    github,
    api,
    clock,
    calls,
    faults,
    /** What did not hold against GitHub's schemas so far. */
    violations,
    as: (login: string) => octokit(`token-of-${login}`),
    jwt: appJwt,
    asAppItself: () => octokit(appJwt()),
    async asApp(wish: { repositories?: string[]; permissions?: Record<string, 'read' | 'write'> } = {}) {
      const { data } = await octokit(appJwt()).apps.createInstallationAccessToken({
        installation_id: INSTALLATION_ID,
        ...wish,
      })
      return octokit(data.token)
    },
    octokit,
    dataDir,
    /** Waits until the app has answered every webhook, and says what it got. */
    async delivered(): Promise<readonly Delivered[]> {
      while (github.pendingDeliveries() > 0) await new Promise((resolve) => setImmediate(resolve))
      return receiver.delivered
    },
    takeAppDown(isDown: boolean) {
      down = isDown
    },
    git: (...args: string[]) => git(dataDir, args),
    remote: (login: string, repository: string) =>
      `${github.url.replace('://', `://${login}:token-of-${login}@`)}/${repository}.git`,
    async close() {
      await github.close()
      await receiver.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

export function appJwt(claims: Record<string, unknown> = {}): string {
  const now = Math.floor(Date.now() / 1000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iss: APP_ID, iat: now - 30, exp: now + 500, ...claims })}`
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`
}

async function startReceiver() {
  const delivered: Delivered[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const signature = `sha256=${createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex')}`
    const payload: Record<string, unknown> = JSON.parse(body)
    delivered.push({
      guid: String(request.headers['x-github-delivery']),
      event: String(request.headers['x-github-event']),
      action: typeof payload.action === 'string' ? payload.action : undefined,
      signed: request.headers['x-hub-signature-256'] === signature,
      payload,
    })
    response.writeHead(202).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port')
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    delivered,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

export interface GitResult {
  readonly code: number
  readonly output: string
}

/** Runs git as a person at a terminal would, in a folder of the bench. */
function git(cwd: string, args: readonly string[]): Promise<GitResult> {
  const identity = {
    GIT_AUTHOR_NAME: 'Alice',
    GIT_AUTHOR_EMAIL: 'alice@example.com',
    GIT_COMMITTER_NAME: 'Alice',
    GIT_COMMITTER_EMAIL: 'alice@example.com',
  }
  const env = {
    ...process.env,
    ...identity,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
  }
  const child = spawn('git', args, { cwd, env })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? -1, output: output.trim() }))
  })
}
