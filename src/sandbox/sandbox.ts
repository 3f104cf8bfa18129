/** The sandbox: a GitHub, an AWS, their control and the app as a child process, brought up together on loopback. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { load } from 'js-yaml'
import { z } from 'zod'
import { type AppCommand, createAppProcess } from './app-process.ts'
import { startAws } from './aws/server.ts'
import { createCallLog } from './calls.ts'
import { createClock } from './clock.ts'
import { startControl } from './control.ts'
import { createFaults } from './faults.ts'
import type { Exchange } from './github/exchange.ts'
import { startGitHub } from './github/server.ts'
import { freePort, LOOPBACK } from './http.ts'
import type { ReadyFile } from './ready.ts'
import { newSecrets, readyFile, type Secrets } from './seed.ts'
import { awsSeed, type Templates } from './seed-aws.ts'
import { APP_ID, type AppManifest, gitHubSeed } from './seed-github.ts'
import { operatorFile, readTrustedCommits } from './seed-operator.ts'

export interface SandboxOptions {
  /** Any free port where left out or 0; likewise the next three. */
  readonly githubPort?: number
  readonly awsPort?: number
  readonly controlPort?: number
  readonly appPort?: number
  /** An empty directory; left out: a temporary one, removed at the end. */
  readonly dataDir?: string
  /** How to run the app; left out: the sandbox comes up without it. */
  readonly app?: AppCommand
  /** How long a change to IAM takes to be seen, in milliseconds; left out: it is seen at once. */
  readonly iamDelayMs?: number
  /** Added to the app's environment. */
  readonly appEnvironment?: Readonly<Record<string, string>>
  /** Gets what the app logs; `app.log` in the data directory holds it in any case. */
  readonly onAppLog?: (text: string) => void
  /** Sees everything that goes over GitHub's wires. */
  readonly onExchange?: (exchange: Exchange) => void
}

export interface Sandbox {
  readonly ready: ReadyFile
  readonly appLog: string
  startApp(): Promise<void>
  /** Lets it finish what it does. */
  stopApp(): Promise<void>
  killApp(): Promise<void>
  close(): Promise<void>
}

const PRODUCT = new URL('../../', import.meta.url)
const WEBHOOK_PATH = '/api/github/webhooks'

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const opened: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const undo of opened.splice(0).reverse()) await undo()
  }
  try {
    return { ...(await open(options, opened)), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Whatever was opened is in `opened`, also when this throws half-way. */
async function open(
  options: SandboxOptions,
  opened: (() => Promise<unknown>)[],
): Promise<Omit<Sandbox, 'close'>> {
  const dataDir = await openDataDir(options.dataDir, opened)
  const [secrets, templates, manifest, appPort] = await Promise.all([
    newSecrets(),
    readTemplates(),
    readManifest(),
    options.appPort || freePort(),
  ])
  const clock = createClock()
  const calls = createCallLog()
  const faults = createFaults()
  const appUrl = `http://${LOOPBACK}:${appPort}`

  const github = await startGitHub({
    seed: gitHubSeed(secrets, manifest),
    clock,
    calls,
    faults,
    dataDir: join(dataDir, 'github'),
    port: options.githubPort ?? 0,
    webhookUrl: () => appUrl + WEBHOOK_PATH,
    ...(options.onExchange && { onExchange: options.onExchange }),
  })
  opened.push(() => github.close())
  const seed = awsSeed(secrets, templates)
  const { iamDelayMs = 0, awsPort: port = 0 } = options
  const aws = await startAws({ seed, clock, calls, faults, port, iamDelayMs })
  opened.push(() => aws.close())

  const appLog = join(dataDir, 'app.log')
  const operator = join(dataDir, 'operator.yml')
  const app = await createAppProcess({
    ...(options.app && { run: options.app }),
    environment: () => ({ ...appEnvironment(ready, secrets, operator), ...options.appEnvironment }),
    directory: dataDir,
    url: appUrl,
    logFile: appLog,
    ...(options.onAppLog && { onLog: options.onAppLog }),
  })
  const pendingDeliveries = () => github.pendingDeliveries()
  const control = await startControl({
    clock,
    calls,
    app,
    pendingDeliveries,
    faults,
    deliveries: github.deliveries,
    iam: aws.iam,
    port: options.controlPort ?? 0,
  })
  opened.push(() => control.close())
  opened.push(() => app.stop())

  const addresses = { github: github.url, aws: aws.endpoint, app: appUrl, control: control.url }
  const ready = readyFile(secrets, addresses)
  await writeFile(operator, operatorFile(await readTrustedCommits(ready.github), templates))
  if (options.app) await app.start()
  return { ready, appLog, startApp: app.start, stopApp: app.stop, killApp: app.kill }
}

async function openDataDir(given: string | undefined, opened: (() => Promise<unknown>)[]): Promise<string> {
  if (given === undefined) {
    const directory = await mkdtemp(join(tmpdir(), 'daypass-'))
    opened.push(() => rm(directory, { recursive: true, force: true }))
    return directory
  }
  await mkdir(given, { recursive: true, mode: 0o700 })
  if ((await readdir(given)).length > 0) throw new Error(`${given} is not empty: a world always begins anew`)
  return resolve(given)
}

async function readTemplates(): Promise<Templates> {
  const [hub, account] = await Promise.all([
    readProduct('deploy/hub.yaml'),
    readProduct('deploy/account.yaml'),
  ])
  return { hub, account }
}

/** The app gets what its own manifest asks for, and hears what it subscribes to there. */
async function readManifest(): Promise<AppManifest> {
  const manifest = load(await readProduct('app.yml'))
  const { default_permissions: permissions, default_events: events } = manifestSchema.parse(manifest)
  return { permissions, events }
}

const manifestSchema = z.looseObject({
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()),
})

/** What is shipped lies as far above the compiled files as above these. */
function readProduct(path: string): Promise<string> {
  return readFile(new URL(path, PRODUCT), 'utf8')
}

/** As an operator would set it; nothing of this process's own environment gets through but where programs are found. */
function appEnvironment(ready: ReadyFile, secrets: Secrets, operatorFile: string): Record<string, string> {
  const { keys, app, webhook, receipts } = secrets
  return {
    PATH: process.env.PATH ?? '',
    // Not the home of whoever runs this: the AWS SDK would read its profiles.
    HOME: dirname(operatorFile),
    APP_ID: String(APP_ID),
    PRIVATE_KEY: app.privateKey,
    WEBHOOK_SECRET: webhook,
    DAYPASS_OPERATOR_FILE: operatorFile,
    DAYPASS_RECEIPT_KEY: receipts.privateKey,
    DAYPASS_CLOCK_URL: `${ready.control.url}/clock`,
    GITHUB_API_URL: `${ready.github.url}/api/v3`,
    AWS_ENDPOINT_URL: ready.aws.endpoint,
    AWS_REGION: ready.aws.region,
    AWS_ACCESS_KEY_ID: keys.hub.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.hub.secretAccessKey,
    AWS_SESSION_TOKEN: keys.hub.sessionToken,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    HOST: LOOPBACK,
    PORT: new URL(ready.app.url).port,
    LOG_LEVEL: 'info',
  }
}
