/** The sandbox: a GitHub, an AWS, their control and the app as a child process, brought up together on loopback. */
import { readFile, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { load } from 'js-yaml'
import { z } from 'zod'
import { createAppProcess, type RunApp } from './app-process.ts'
import { startAws } from './aws/server.ts'
import { createCallLog } from './calls.ts'
import { createClock } from './clock.ts'
import { startControl } from './control.ts'
import { createFaults } from './faults.ts'
import type { Exchange } from './github/exchange.ts'
import { startGitHub } from './github/server.ts'
import { freePort, LOOPBACK } from './http.ts'
import { openDataDir, type Ports } from './keep/data-dir.ts'
import { keepSandbox } from './keep/keep-sandbox.ts'
import type { ServePage } from './page/serve.ts'
import type { ReadyFile } from './ready.ts'
import { accessRepositories, newSecrets, readyFile, type Secrets } from './seed.ts'
import { awsSeed, type Templates } from './seed-aws.ts'
import { APP_ID, type AppManifest, gitHubSeed } from './seed-github.ts'
import { operatorFile, readTrustedCommits } from './seed-operator.ts'

export interface SandboxOptions {
  /** Where left out or 0: the one a kept world had, if it is free, else any free one; likewise the next three. */
  readonly githubPort?: number
  readonly awsPort?: number
  readonly controlPort?: number
  readonly appPort?: number
  /** Empty, or left by a sandbox whose world is taken up again; left out: a temporary one, removed at the end. */
  readonly dataDir?: string
  /** How many unprotected repositories there are besides the two: `acme/access-spare-1` and so on. */
  readonly spareRepositories?: number
  /** How long `GET /settled` waits for rest, in milliseconds. */
  readonly settleWithinMs?: number
  /** How to run the app; left out: the sandbox comes up without it. */
  readonly app?: RunApp
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
  const { path: dataDir, stateFile, kept, leave } = await openDataDir(options.dataDir)
  opened.push(leave)
  const [secrets, templates, manifest, ports] = await Promise.all([
    kept?.secrets ?? newSecrets(),
    readTemplates(),
    readManifest(),
    choosePorts(options, kept?.ports),
  ])
  const repositories = accessRepositories(options.spareRepositories)
  const clock = createClock(kept?.clockOffset)
  const calls = createCallLog()
  const shared = { clock, calls, faults: createFaults() }
  const appUrl = `http://${LOOPBACK}:${ports.app}`

  const github = await startGitHub({
    ...shared,
    ...(kept ? { kept: kept.github } : { seed: gitHubSeed(secrets, manifest, repositories) }),
    dataDir: join(dataDir, 'github'),
    port: ports.github,
    webhookUrl: () => appUrl + WEBHOOK_PATH,
    pages: (request, response) => void showPage(request, response),
    ...(options.onExchange && { onExchange: options.onExchange }),
  })
  opened.push(() => github.close())
  const aws = await startAws({
    ...shared,
    ...(kept ? { kept: kept.aws } : { seed: awsSeed(secrets, templates, repositories) }),
    port: ports.aws,
    ...(options.iamDelayMs !== undefined && { iamDelayMs: options.iamDelayMs }),
  })
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
    ...shared,
    app,
    pendingDeliveries,
    deliveries: github.deliveries,
    accounts: github.accounts,
    iam: aws.iam,
    port: ports.control,
    ...(options.settleWithinMs && { settleWithinMs: options.settleWithinMs }),
  })
  opened.push(() => control.close())
  /** Loaded with the first visit: most worlds are driven over the API alone. */
  let pages: Promise<ServePage> | undefined
  async function showPage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      pages ??= import('./page/serve.ts').then(({ createPages }) => createPages(ready))
      const serve = await pages
      await serve(request, response)
    } catch (error) {
      response.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  const addresses = { github: github.url, aws: aws.endpoint, app: appUrl, control: control.url }
  const ready = readyFile(secrets, addresses)
  // What the operator trusts was decided at the first start.
  if (!kept) {
    const trusted = await readTrustedCommits(ready.github, repositories)
    await writeFile(operator, operatorFile(trusted, templates, repositories))
  }
  if (stateFile !== undefined) {
    const keeper = await keepSandbox({ stateFile, secrets, addresses, clock, calls, github, aws })
    opened.push(() => keeper.close())
  }
  opened.push(() => app.stop())
  if (options.app) await app.start()
  return { ready, appLog, startApp: app.start, stopApp: app.stop, killApp: app.kill }
}

/** 0 leaves the choice to the server; the app must be told its port beforehand. */
async function choosePorts(options: SandboxOptions, kept: Ports | undefined): Promise<Ports> {
  const choose = async (given: number | undefined, before: number | undefined) =>
    given || (before === undefined ? 0 : await freePort(before))
  const [github, aws, control, app] = await Promise.all([
    choose(options.githubPort, kept?.github),
    choose(options.awsPort, kept?.aws),
    choose(options.controlPort, kept?.control),
    options.appPort || freePort(kept?.app),
  ])
  return { github, aws, control, app }
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
