/** A whole world for one test file: the sandbox with the built app in it, and what people do there, as one-liners. */
import { generateKeyPairSync } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Octokit } from '@octokit/rest'
import { runCommand } from '../../src/sandbox/app-process.ts'
import type { Call } from '../../src/sandbox/calls.ts'
import type { Exchange, RestExchange } from '../../src/sandbox/github/exchange.ts'
import type { DeliveryMode } from '../../src/sandbox/github/webhooks.ts'
import type { AwsKeys, ReadyFile } from '../../src/sandbox/ready.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { accessRepositories, ORGANIZATION } from '../../src/sandbox/seed.ts'
import {
  createPeople,
  named,
  type OpenedRequest,
  type Outcome,
  type People,
} from '../../src/sandbox/tour-people.ts'
import { checkExchange } from '../contract/github-schema.ts'
import { type HostedApp, hostApp } from './app-host.ts'
import { commitFiles, type Files, type MergeMethod, type Proposal, propose } from './branches.ts'
import { gitLog } from './git-log.ts'
import { listNames, listRoles, type Role, readRole } from './iam-state.ts'

export interface TestWorld extends People {
  readonly ready: ReadyFile
  /** Full names. */
  readonly repositories: {
    readonly protected: string
    readonly unprotected: string
    /** As many as were asked for: unprotected, for one test each to spoil. */
    readonly spare: readonly string[]
  }
  /** PEM; proves the receipts of this world. */
  readonly receiptKey: string
  /** All that the app was given, so that a test can sign as GitHub does, and run another process in it. */
  readonly appEnvironment: Readonly<Record<string, string>>
  /** Everything that went over GitHub's wires so far. */
  readonly exchanges: readonly Exchange[]
  /** One commit on a branch, which begins at main where it is not there; on main it is a direct push. */
  commit(login: string, repository: string, branch: string, files: Files, message?: string): Promise<string>
  /** Commits the files to a branch and opens a pull request with them. */
  propose(login: string, repository: string, proposal: Proposal): Promise<OpenedRequest>
  /** Has a change approved and merged that is no request. */
  land(repository: string, proposal: Proposal): Promise<MergedRequest>
  /** Opens, lets the app check, has it approved and merged, and lets the app act on it. */
  grant(
    by: { readonly login: string; readonly approver?: string; readonly merger?: string },
    repository: string,
    path: string,
    yaml: string,
  ): Promise<MergedRequest>
  mergeAs(login: string, request: OpenedRequest, method: MergeMethod): Promise<MergedRequest>
  /** The newest check run of that name on a commit. */
  check(repository: string, commit: string, name: string): Promise<Check | undefined>
  /** The app's comment on a pull request. */
  comment(request: OpenedRequest): Promise<string | undefined>
  /** The newest `Daypass / request` on the head of a pull request. */
  requestCheck(request: OpenedRequest): Promise<Check | undefined>
  /** The newest `Daypass / approval` on the head of a pull request. */
  approvalCheck(request: OpenedRequest): Promise<Check | undefined>
  /** The newest `Daypass / grant` on a merge commit. */
  grantCheck(request: MergedRequest): Promise<Check | undefined>
  /** The role that the app's comment names. */
  roleOf(request: OpenedRequest): Promise<string | undefined>
  /** Assumes the role that the comment names and reads with it; denied at either step is denied. */
  readAs(login: string, request: OpenedRequest, bucket: string, key: string): Promise<Outcome<string>>
  /** Names of the objects below a prefix. */
  list(keys: AwsKeys, bucket: string, prefix: string): Promise<Outcome<readonly string[]>>
  /** ARNs of all roles of the app in account `prod`. */
  roles(): Promise<readonly string[]>
  /** What IAM holds of a role; undefined where there is none. */
  role(arn: string): Promise<Role | undefined>
  /** The pull requests the app opened, newest first. */
  reverts(repository: string): Promise<readonly Revert[]>
  /** The one that takes out the file of this request. */
  revertOf(request: OpenedRequest): Promise<Revert | undefined>
  /** The text of a file on main; undefined where it is not there. */
  fileOnMain(repository: string, path: string): Promise<string | undefined>
  /** Messages of the commits on main that took a file out, as a clone shows them, newest first. */
  removals(repository: string, path: string): Promise<readonly string[]>
  now(): Promise<number>
  setClock(instant: string): Promise<void>
  advance(duration: string): Promise<void>
  /** Waits until nothing is in flight; throws with what still moves and the end of the app's log. */
  settled(): Promise<void>
  app(order: 'start' | 'stop' | 'kill'): Promise<void>
  /** Ends the app as soon as GitHub has answered such a call of it; resolves when it is gone. */
  endAfter(order: 'stop' | 'kill', isReached: (exchange: RestExchange) => boolean): Promise<void>
  calls(): Promise<readonly Call[]>
  clearCalls(): Promise<void>
  /** Makes calls of the app go wrong, as `POST /faults` takes it. */
  /** How webhooks reach the app from now on. */
  deliver(webhooks: DeliveryMode): Promise<void>
  order(fault: object): Promise<void>
  clearFaults(): Promise<void>
  appLog(): Promise<string>
  /** Ends everything, then throws where anything on GitHub's wires did not hold against GitHub's schemas. */
  close(): Promise<void>
}

export interface MergedRequest extends OpenedRequest {
  readonly sha: string
  /** Milliseconds since the epoch. */
  readonly mergedAt: number
}

export type Check = Awaited<ReturnType<Octokit['checks']['listForRef']>>['data']['check_runs'][number]
export type Revert = Awaited<ReturnType<Octokit['pulls']['list']>>['data'][number]

const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url))
/** How much of the app's log goes into an error, in characters. */
const SHOWN_LOG = 4_000

export interface WorldOptions {
  /** The app is a process of its own, as it is of whoever runs it; so it is too with a preload, and where the world is kept. */
  readonly isAlone?: true
  /** Run in the app's process before the app itself. */
  readonly preload?: string
  /** Added to the app's environment. */
  readonly appEnvironment?: Readonly<Record<string, string>>
  /** Kept at the end, and taken up again where there is a world in it. */
  readonly dataDir?: string
  readonly spareRepositories?: number
  /** How long `settled` waits, in milliseconds. */
  readonly settleWithinMs?: number
  /** How many exchanges of one kind are held against GitHub's schemas; left out: all. */
  readonly heldPerKind?: number
}

export async function startWorld(options: WorldOptions = {}): Promise<TestWorld> {
  const { preload, appEnvironment, dataDir, spareRepositories = 0, settleWithinMs } = options
  await access(SERVER).catch(() => {
    throw new Error('the app is not built: run `npm run build` first')
  })
  const wire = createWire()
  const receipts = generateKeyPairSync('ed25519')
  const privateKey = receipts.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const before = preload === undefined ? [] : ['--import', preload]
  const isAlone = options.isAlone || preload !== undefined || dataDir !== undefined
  const app: Pick<HostedApp, 'run'> & Partial<HostedApp> = isAlone
    ? { run: runCommand(process.execPath, [...before, '--enable-source-maps', SERVER]) }
    : hostApp()
  let environment: Readonly<Record<string, string>> = {}
  const sandbox = await startSandbox({
    app(how) {
      environment = how.environment
      return app.run(how)
    },
    appEnvironment: { DAYPASS_RECEIPT_KEY: privateKey, ...appEnvironment },
    onExchange: wire.pass,
    ...(dataDir !== undefined && { dataDir }),
    spareRepositories,
    ...(settleWithinMs !== undefined && { settleWithinMs }),
  })
  const receiptKey = receipts.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const spare = accessRepositories(spareRepositories).slice(2)
  return createWorld(
    sandbox,
    wire,
    receiptKey,
    spare.map(({ name }) => `${ORGANIZATION}/${name}`),
    { environment, ...app },
    options.heldPerKind,
  )
}

interface Wire {
  readonly exchanges: readonly Exchange[]
  pass(exchange: Exchange): void
  /** Calls back at the first exchange of this kind, before the next one. */
  once(isReached: (exchange: RestExchange) => boolean, reached: () => void): void
}

function createWire(): Wire {
  const exchanges: Exchange[] = []
  const waiting = new Map<(exchange: RestExchange) => boolean, () => void>()
  return {
    exchanges,
    pass(exchange) {
      exchanges.push(exchange)
      if (exchange.kind !== 'rest') return
      for (const [isReached, reached] of waiting) {
        if (!isReached(exchange)) continue
        waiting.delete(isReached)
        reached()
      }
    },
    once: (isReached, reached) => waiting.set(isReached, reached),
  }
}

function createWorld(
  sandbox: Sandbox,
  wire: Wire,
  receiptKey: string,
  spare: readonly string[],
  app: { readonly environment: Readonly<Record<string, string>>; leave?(): void },
  heldPerKind = Number.POSITIVE_INFINITY,
): TestWorld {
  const { exchanges } = wire
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

  async function check(repository: string, commit: string, name: string): Promise<Check | undefined> {
    const { data } = await root.checks.listForRef({ ...named(repository), ref: commit, check_name: name })
    return data.check_runs[0]
  }

  async function reverts(repository: string): Promise<readonly Revert[]> {
    const { data } = await root.pulls.list({ ...named(repository), state: 'all', per_page: 100 })
    return data.filter(({ user }) => user?.type === 'Bot')
  }

  /** What people see under the button: the checks that have to be there first. */
  async function awaitChecks(repository: string): Promise<void> {
    if (repository === ready.github.repository) await settled()
  }

  async function mergeAs(login: string, request: OpenedRequest, merge_method: MergeMethod) {
    await awaitChecks(request.repository)
    const at = { ...named(request.repository), pull_number: request.pull }
    const { data } = await people.github(login).pulls.merge({ ...at, sha: request.head, merge_method })
    const merged = await people.github(login).pulls.get(at)
    return { ...request, sha: data.sha, mergedAt: Date.parse(merged.data.merged_at ?? '') }
  }

  const proposeAs = (login: string, repository: string, proposal: Proposal) =>
    propose(people.github(login), repository, proposal)

  return {
    ...people,
    ready,
    repositories: { protected: ready.github.repository, unprotected: ready.github.unprotected, spare },
    receiptKey,
    appEnvironment: app.environment,
    exchanges,
    commit: (login, repository, branch, files, message) =>
      commitFiles(people.github(login), repository, branch, files, message),
    propose: proposeAs,

    async land(repository, proposal) {
      const change = await proposeAs('oscar', repository, proposal)
      await settled()
      await people.approve('olivia', change)
      const landed = await mergeAs('olivia', change, 'merge')
      await settled()
      return landed
    },

    async grant({ login, approver = 'olivia', merger = approver }, repository, path, yaml) {
      const request = await people.openRequest(login, repository, path, yaml)
      await settled()
      await people.approve(approver, request)
      await awaitChecks(repository)
      const merged = await people.merge(merger, request)
      await settled()
      return { ...request, ...merged }
    },

    async merge(login, request) {
      await awaitChecks(request.repository)
      return people.merge(login, request)
    },
    mergeAs,
    check,
    requestCheck: ({ repository, head }) => check(repository, head, 'Daypass / request'),
    approvalCheck: ({ repository, head }) => check(repository, head, 'Daypass / approval'),
    grantCheck: ({ repository, sha }) => check(repository, sha, 'Daypass / grant'),

    comment,
    roleOf,

    async readAs(login, request, bucket, key) {
      const role = await roleOf(request)
      if (role === undefined) throw new Error(`the comment on pull request ${request.pull} names no role`)
      const assumed = await people.assume(login, role)
      return assumed.kind === 'denied' ? assumed : people.read(assumed.value, bucket, key)
    },

    list: (keys, bucket, prefix) => listNames(ready.aws, keys, bucket, prefix),
    roles: () => listRoles(people.iam('root')),
    role: (arn) => readRole(people.iam('root'), arn),

    reverts,
    async revertOf({ repository, pull }) {
      return (await reverts(repository)).find(({ title }) => title.includes(`(#${pull})`))
    },
    async fileOnMain(repository, path) {
      const response = await fetch(`${ready.github.url}/api/v3/repos/${repository}/contents/${path}`, {
        headers: {
          authorization: `Bearer ${ready.github.tokens.root}`,
          accept: 'application/vnd.github.raw+json',
        },
      })
      if (response.ok) return response.text()
      if (response.status === 404) return undefined
      throw new Error(`${path} of ${repository}: ${response.status}`)
    },
    removals: (repository, path) =>
      gitLog(ready.github, repository, ['--diff-filter=D', '--format=%B%x00', 'main', '--', path]),

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
    endAfter: (order, isReached) =>
      new Promise((resolve, reject) => {
        const end = order === 'stop' ? sandbox.stopApp : sandbox.killApp
        wire.once(isReached, () => void end().then(resolve, reject))
      }),
    calls: async () => (await control('GET', '/calls')) as Call[],
    async clearCalls() {
      await control('DELETE', '/calls')
    },
    async deliver(webhooks) {
      await control('POST', '/webhooks', { deliver: webhooks })
    },
    async order(fault) {
      await control('POST', '/faults', fault)
    },
    async clearFaults() {
      await control('DELETE', '/faults')
    },
    appLog,

    async close() {
      app.leave?.()
      await (app.leave ? sandbox.stopApp() : sandbox.killApp())
      await sandbox.close()
      const problems = new Set(fewOfEachKind(exchanges, heldPerKind).flatMap(checkExchange))
      if (problems.size > 0) throw new Error(`against GitHub's schemas:\n${[...problems].join('\n')}`)
    },
  }
}

function fewOfEachKind(exchanges: readonly Exchange[], most: number): readonly Exchange[] {
  const seen = new Map<string, number>()
  return exchanges.filter((exchange) => {
    const kind = kindOf(exchange)
    const before = seen.get(kind) ?? 0
    seen.set(kind, before + 1)
    return before < most
  })
}

function kindOf(exchange: Exchange): string {
  if (exchange.kind === 'webhook') return `${exchange.event} ${exchange.action}`
  const { method, path, status } = exchange
  return `${method} ${path.replace(/\/[^/]*\d[^/]*/g, '/:id')} ${status}`
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
