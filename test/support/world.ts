/** A whole world for one test file: the sandbox with the built app in it, and what people do there, as one-liners. */
import { access, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ListRolesCommand } from '@aws-sdk/client-iam'
import type { Octokit } from '@octokit/rest'
import type { Call } from '../../src/sandbox/calls.ts'
import type { Exchange } from '../../src/sandbox/github/exchange.ts'
import type { ReadyFile } from '../../src/sandbox/ready.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import {
  createPeople,
  named,
  type OpenedRequest,
  type Outcome,
  type People,
} from '../../src/sandbox/tour-people.ts'
import { checkExchange } from '../contract/github-schema.ts'

export interface TestWorld extends People {
  readonly ready: ReadyFile
  /** Full names. */
  readonly repositories: { readonly protected: string; readonly unprotected: string }
  /** Opens, lets the app check, has it approved and merged, and lets the app act on it. */
  grant(
    by: { readonly login: string; readonly approver?: string; readonly merger?: string },
    repository: string,
    path: string,
    yaml: string,
  ): Promise<MergedRequest>
  /** The newest check run of that name on a commit. */
  check(repository: string, commit: string, name: string): Promise<Check | undefined>
  /** The app's comment on a pull request. */
  comment(request: OpenedRequest): Promise<string | undefined>
  /** The role that the app's comment names. */
  roleOf(request: OpenedRequest): Promise<string | undefined>
  /** Assumes the role that the comment names and reads with it; denied at either step is denied. */
  readAs(login: string, request: OpenedRequest, bucket: string, key: string): Promise<Outcome<string>>
  /** ARNs of all roles of the app in account `prod`. */
  roles(): Promise<readonly string[]>
  /** The pull requests the app opened, newest first. */
  reverts(repository: string): Promise<readonly Revert[]>
  now(): Promise<number>
  setClock(instant: string): Promise<void>
  advance(duration: string): Promise<void>
  /** Waits until nothing is in flight; throws with what still moves and the end of the app's log. */
  settled(): Promise<void>
  app(order: 'start' | 'stop' | 'kill'): Promise<void>
  calls(): Promise<readonly Call[]>
  clearCalls(): Promise<void>
  appLog(): Promise<string>
  /** Ends everything, then throws where anything on GitHub's wires did not hold against GitHub's schemas. */
  close(): Promise<void>
}

interface MergedRequest extends OpenedRequest {
  readonly sha: string
  /** Milliseconds since the epoch. */
  readonly mergedAt: number
}

type Check = Awaited<ReturnType<Octokit['checks']['listForRef']>>['data']['check_runs'][number]
type Revert = Awaited<ReturnType<Octokit['pulls']['list']>>['data'][number]

const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url))
/** How much of the app's log goes into an error, in characters. */
const SHOWN_LOG = 4_000

export async function startWorld(): Promise<TestWorld> {
  await access(SERVER).catch(() => {
    throw new Error('the app is not built: run `npm run build` first')
  })
  const exchanges: Exchange[] = []
  const sandbox = await startSandbox({
    app: { command: process.execPath, args: ['--enable-source-maps', SERVER] },
    onExchange: (exchange) => exchanges.push(exchange),
  })
  return createWorld(sandbox, exchanges)
}

function createWorld(sandbox: Sandbox, exchanges: readonly Exchange[]): TestWorld {
  const { ready } = sandbox
  const people = createPeople(ready)
  const root = people.github('root')
  const appLog = () => readFile(sandbox.appLog, 'utf8')

  async function control(method: string, path: string, body?: unknown): Promise<unknown> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(ready.control.url + path, { method, ...sent })
    const answer: unknown = response.status === 204 ? undefined : await response.json()
    if (response.ok) return answer
    const log = (await appLog()).slice(-SHOWN_LOG)
    throw new Error(`${method} ${path}: ${JSON.stringify(answer)}\nThe app's log ends:\n${log}`)
  }

  const settled = async () => {
    await control('GET', '/settled')
  }

  async function comment({ repository, pull }: OpenedRequest): Promise<string | undefined> {
    const { data } = await root.issues.listComments({
      ...named(repository),
      issue_number: pull,
      per_page: 100,
    })
    return data.find(({ user }) => user?.type === 'Bot')?.body
  }

  async function roleOf(request: OpenedRequest): Promise<string | undefined> {
    return /arn:aws:iam::\d{12}:role\/daypass\/[\w+=,.@/-]+/.exec((await comment(request)) ?? '')?.[0]
  }

  return {
    ...people,
    ready,
    repositories: { protected: ready.github.repository, unprotected: ready.github.unprotected },

    async grant({ login, approver = 'olivia', merger = approver }, repository, path, yaml) {
      const request = await people.openRequest(login, repository, path, yaml)
      await settled()
      await people.approve(approver, request)
      const merged = await people.merge(merger, request)
      await settled()
      return { ...request, ...merged }
    },

    async check(repository, commit, name) {
      const { data } = await root.checks.listForRef({ ...named(repository), ref: commit, check_name: name })
      return data.check_runs[0]
    },

    comment,
    roleOf,

    async readAs(login, request, bucket, key) {
      const role = await roleOf(request)
      if (role === undefined) throw new Error(`the comment on pull request ${request.pull} names no role`)
      const assumed = await people.assume(login, role)
      return assumed.kind === 'denied' ? assumed : people.read(assumed.value, bucket, key)
    },

    async roles() {
      const { Roles = [] } = await people.iam('root').send(new ListRolesCommand({ PathPrefix: '/daypass/' }))
      return Roles.map(({ Arn = '' }) => Arn)
    },

    async reverts(repository) {
      const { data } = await root.pulls.list({ ...named(repository), state: 'all', per_page: 100 })
      return data.filter(({ user }) => user?.type === 'Bot')
    },

    async now() {
      const { now } = (await control('GET', '/clock')) as { now: string }
      return Date.parse(now)
    },
    async setClock(instant) {
      await control('POST', '/clock', { set: instant })
    },
    async advance(duration) {
      await control('POST', '/clock', { advance: duration })
    },
    settled,
    async app(order) {
      await control('POST', `/app/${order}`)
    },
    calls: async () => (await control('GET', '/calls')) as Call[],
    async clearCalls() {
      await control('DELETE', '/calls')
    },
    appLog,

    async close() {
      await sandbox.killApp()
      await sandbox.close()
      const problems = new Set(exchanges.flatMap(checkExchange))
      if (problems.size > 0) throw new Error(`against GitHub's schemas:\n${[...problems].join('\n')}`)
    },
  }
}

/** The text of a request, with only what a test is about given. */
export function requestYaml(fields: {
  readonly requester?: string
  readonly reason?: string
  readonly prefixes?: readonly string[]
  readonly duration?: string
  readonly start?: string
  readonly access?: 'read' | 'list'
}): string {
  const { requester = 'alice', reason = 'Find the corrupt rows behind INC-4211', duration = '4h' } = fields
  const { prefixes = ['exports/2026/11/'], start, access: level } = fields
  return [
    `requester: ${requester}`,
    `reason: ${reason}`,
    ...(level === undefined ? [] : [`access: ${level}`]),
    ...(prefixes.length === 0 ? [] : [`prefixes: [${prefixes.join(', ')}]`]),
    `duration: ${duration}`,
    ...(start === undefined ? [] : [`start: ${start}`]),
    '',
  ].join('\n')
}
