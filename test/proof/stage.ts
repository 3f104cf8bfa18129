/** A whole world in this one process, whose time stands still unless it is moved: many repositories, and apps that can die. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { load } from 'js-yaml'
import { Probot, ProbotOctokit } from 'probot'
import { createAccountClients } from '../../src/aws/clients.ts'
import { createGrantReader } from '../../src/aws/grant-reader.ts'
import { createGrantWriter } from '../../src/aws/grant-writer.ts'
import type { RepositoryConfig } from '../../src/config.ts'
import { ed25519Signer } from '../../src/core/receipt-signature.ts'
import { createDirectory } from '../../src/github/directory.ts'
import { look } from '../../src/look.ts'
import { parseOperatorFile } from '../../src/operator-file.ts'
import { type AwsSandbox, startAws } from '../../src/sandbox/aws/server.ts'
import { type CallLog, createCallLog } from '../../src/sandbox/calls.ts'
import type { SandboxClock } from '../../src/sandbox/clock.ts'
import { createFaults, type Faults } from '../../src/sandbox/faults.ts'
import { type GitHubSandbox, startGitHub } from '../../src/sandbox/github/server.ts'
import type { ReadyFile } from '../../src/sandbox/ready.ts'
import { accessRepositories, newSecrets, ORGANIZATION, readyFile } from '../../src/sandbox/seed.ts'
import { awsSeed } from '../../src/sandbox/seed-aws.ts'
import { APP_ID, gitHubSeed } from '../../src/sandbox/seed-github.ts'
import { operatorFile, readTrustedCommits } from '../../src/sandbox/seed-operator.ts'
import { createPeople, type People } from '../../src/sandbox/tour-people.ts'
import { createMemory, type Memory } from '../../src/world.ts'
import { fetchInProcess } from './in-process.ts'
import { createLine, type Line } from './line.ts'

export type Fetch = typeof globalThis.fetch

export interface Stage extends People {
  readonly ready: ReadyFile
  readonly calls: CallLog
  readonly faults: Faults
  /** In milliseconds: how long a change to IAM takes to be seen. */
  delayIam(milliseconds: number): void
  /** Seconds since the epoch. */
  now(): number
  setTime(seconds: number): void
  /** A repository that nothing happened in yet; undefined once all are used. */
  nextRepository(): Place | undefined
  /**
   * The app as a process that was just started, for one repository. Its clock may go wrong by some seconds, and what it
   * hears from GitHub by `answer`.
   */
  startApp(place: Place, wrongBySeconds?: number, answer?: (fetch: Fetch) => Fetch): App
  close(): Promise<void>
}

export interface Place {
  readonly id: number
  /** `acme/access-spare-1` */
  readonly name: string
}

export interface App {
  readonly line: Line
  readonly memory: Memory
  /** Looks once; ends, too, when the app dies meanwhile. Tells what could not be done. */
  look(): Promise<readonly string[]>
  /** Hears that the branch moved, perhaps away and back again. */
  hearOfMoves(): void
  /** Hears that somebody's access to the repository may have changed. */
  hearOfPeople(): void
}

/** Some Tuesday; on the hour, so that times are easy to read. */
const START = Date.parse('2026-11-24T09:00:00Z')

export async function openStage(repositories: number): Promise<Stage> {
  const dataDir = await mkdtemp(join(tmpdir(), 'daypass-stage-'))
  const [secrets, hub, account, manifest] = await Promise.all([
    newSecrets(),
    readFile('deploy/hub.yaml', 'utf8'),
    readFile('deploy/account.yaml', 'utf8'),
    readFile('app.yml', 'utf8'),
  ])
  const { default_permissions: permissions } = load(manifest) as {
    default_permissions: Record<string, 'read' | 'write'>
  }
  const all = accessRepositories(repositories)
  const clock = standingClock()
  const machineNow = Date.now
  // What signs and renews by the machine's clock, as the SDK does, has to live in the same time.
  Date.now = clock.now
  const calls = createCallLog()
  const faults = createFaults()
  const shared = { clock, calls, faults }
  const github: GitHubSandbox = await startGitHub({
    ...shared,
    seed: gitHubSeed(secrets, { permissions, events: [] }, all),
    dataDir,
    webhookUrl: () => undefined,
    rateLimit: Number.MAX_SAFE_INTEGER,
  })
  const aws: AwsSandbox = await startAws({ ...shared, seed: awsSeed(secrets, { hub, account }, all) })
  const ready = readyFile(secrets, { github: github.url, aws: aws.endpoint, app: '', control: '' })
  const trusted = await readTrustedCommits(ready.github, all)
  const operator = parseOperatorFile('operator.yml', operatorFile(trusted, { hub, account }, all))
  if (!operator.ok) throw new Error(JSON.stringify(operator.problems))
  const configured = operator.value
  const unused = all.slice(2)
  const send = fetchInProcess({ [github.url]: github.listener, [aws.endpoint]: aws.listener })
  const people = createPeople(ready)
  const sign = ed25519Signer(secrets.receipts.privateKey)

  function startApp({ id }: Place, wrongBySeconds = 0, answer = (fetch: Fetch) => fetch): App {
    const line = createLine(answer(send))
    const repository = configured.get(id)
    if (repository === undefined) throw new Error(`the operator knows of no repository ${id}`)
    const probot = new Probot({
      appId: APP_ID,
      privateKey: secrets.app.privateKey,
      secret: secrets.webhook,
      baseUrl: `${github.url}/api/v3`,
      logLevel: 'fatal',
      request: { fetch: line.fetch },
      Octokit: ProbotOctokit.defaults((options: object) => ({
        ...options,
        throttle: { enabled: false },
        retry: { enabled: false },
      })),
    })
    const clients = createAccountClients({
      now: () => clock.now() + wrongBySeconds * 1000,
      endpoint: aws.endpoint,
      hubCredentials: secrets.keys.hub,
      requestHandler: line.awsHandler,
    })
    const now = () => Math.floor(clock.now() / 1000) + wrongBySeconds
    return runApp(repository, line, {
      find: createDirectory((installation) => probot.auth(installation), github.url).find,
      grants: {
        ...createGrantReader({ clients, onForeign() {} }),
        ...createGrantWriter({ clients, sleep: () => breathe(), now }),
      },
      now,
      sign,
      events: { tell: async () => {}, flush: async () => true },
    })
  }

  return {
    ...people,
    ready,
    calls,
    faults,
    delayIam(milliseconds) {
      aws.iam.setDelay(milliseconds)
    },
    now: () => Math.floor(clock.now() / 1000),
    setTime: (seconds) => clock.set(seconds * 1000),
    nextRepository() {
      const next = unused.shift()
      return next && { id: next.id, name: `${ORGANIZATION}/${next.name}` }
    },
    startApp,
    async close() {
      Date.now = machineNow
      await Promise.all([github.close(), aws.close()])
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

function runApp(
  repository: RepositoryConfig,
  line: Line,
  around: Omit<Parameters<typeof look>[0], 'log'>,
): App {
  const memory = createMemory()
  return {
    line,
    memory,
    hearOfMoves() {
      memory.allowed.clear()
    },
    hearOfPeople() {
      memory.allowed.clear()
      memory.hints.everything += 1
    },
    async look() {
      const failed: string[] = []
      const told = (fields: { err?: unknown }, message: string) => {
        failed.push(`${message}: ${fields.err}`)
      }
      const log = { info() {}, warn() {}, error: told }
      await look({ ...around, log }, repository, memory)
      await line.quiet()
      return failed
    },
  }
}

function standingClock(): SandboxClock {
  let now = START
  return {
    now: () => now,
    offset: () => 0,
    set(epochMilliseconds) {
      now = epochMilliseconds
    },
    onMove: () => () => {},
  }
}
