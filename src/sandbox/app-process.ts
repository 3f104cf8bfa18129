/** The app as a process of its own: started, ended gently or by force, and asked how it is. */
import { spawn } from 'node:child_process'
import { appendFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** How the app is run; the sandbox knows nothing else of it. */
export type RunApp = (how: {
  /** All of it. */
  readonly environment: Readonly<Record<string, string>>
  readonly directory: string
  /** Gets what the app prints. */
  log(chunk: Buffer): void
}) => RunningApp

export interface RunningApp {
  /** Resolves once it is gone, with how that came, as `ended with code 1`. */
  readonly exited: Promise<string>
  signal(signal: 'SIGTERM' | 'SIGKILL'): void
}

/** As a child process. */
export function runCommand(command: string, args: readonly string[]): RunApp {
  return ({ environment, directory, log }) => {
    const child = spawn(command, args, {
      cwd: directory,
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    // The app must not outlive a sandbox that ends in a hurry.
    const killNow = () => child.kill('SIGKILL')
    process.once('exit', killNow)
    child.stdout.on('data', log)
    child.stderr.on('data', log)
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`could not be run: ${error.message}`))
      child.once('close', (code, signal) =>
        resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`),
      )
    }).finally(() => process.off('exit', killNow))
    return { exited, signal: (signal) => child.kill(signal) }
  }
}

export interface AppOptions {
  /** Left out: there is no app to start. */
  readonly run?: RunApp
  /** The whole environment of the child, asked for at each start. */
  environment(): Readonly<Record<string, string>>
  readonly directory: string
  /** Where the app answers `/healthz`. */
  readonly url: string
  readonly logFile: string
  /** Gets what the app logs, besides the file. */
  readonly onLog?: (text: string) => void
}

/** What the app says of itself on `/healthz`. */
interface Health {
  /** No run is in progress or due. */
  readonly idle: boolean
  /** The app's time, in milliseconds since the epoch. */
  readonly now: number
}

type AppState =
  | { readonly kind: 'down' | 'starting' | 'up' | 'ending' }
  /** It ended although nobody asked it to. */
  | { readonly kind: 'crashed'; readonly detail: string }

export interface AppProcess {
  /** Resolves once the app answers; does nothing where it is up. */
  start(): Promise<void>
  /** SIGTERM, and SIGKILL to one that does not drain in time; resolves once the process is gone. */
  stop(): Promise<void>
  /** SIGKILL; resolves once the process is gone. */
  kill(): Promise<void>
  state(): AppState
  /** Undefined where it gives no sound answer. */
  health(): Promise<Health | undefined>
}

/** Raised where the app does not come up, with the end of its log. */
export class AppFailed extends Error {
  override readonly name = 'AppFailed'
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 15_000
const HEALTH_TIMEOUT_MS = 2_000
const HEALTH_INTERVAL_MS = 40
/** How much of the log's end is kept at hand for messages, in characters. */
const KEPT_LOG = 2_000

interface Running {
  readonly app: RunningApp
  readonly exited: Promise<void>
  phase: 'starting' | 'up' | 'ending' | 'gone'
}

export async function createAppProcess(options: AppOptions): Promise<AppProcess> {
  const { run, environment, directory, url, logFile, onLog } = options
  let running: Running | undefined
  let up: Promise<void> = Promise.resolve()
  let crash: string | undefined
  let logEnd = ''
  // What an app of before logged stays in front.
  let written = appendFile(logFile, '', { mode: 0o600 })
  await written

  function log(chunk: Buffer): void {
    const text = chunk.toString()
    logEnd = (logEnd + text).slice(-KEPT_LOG)
    onLog?.(text)
    // A log that can't be written must not bring the sandbox down.
    written = written.then(() => appendFile(logFile, text)).catch(() => {})
  }

  function launch(run: RunApp): Running {
    crash = undefined
    logEnd = ''
    const app = run({ environment: environment(), directory, log })
    const exited = app.exited.then((how) => {
      if (launched.phase !== 'ending') crash = `the app ${how}${tail()}`
      launched.phase = 'gone'
      running = undefined
    })
    const launched: Running = { app, exited, phase: 'starting' }
    return launched
  }

  async function becomeUp(launched: Running): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS
    while (launched.phase === 'starting') {
      if (await health()) {
        if (launched.phase === 'starting') launched.phase = 'up'
        return
      }
      if (performance.now() > deadline) {
        await end('SIGKILL')
        throw new AppFailed(`the app did not answer ${url}/healthz in time${tail()}`)
      }
      await Promise.race([sleep(HEALTH_INTERVAL_MS), launched.exited])
    }
    throw new AppFailed(crash ?? 'the app was ended while it started')
  }

  async function start(): Promise<void> {
    while (running?.phase === 'ending') await running.exited
    if (!run) throw new AppFailed('the sandbox was started without an app')
    if (!running) {
      running = launch(run)
      up = becomeUp(running)
    }
    await up
  }

  function tail(): string {
    return logEnd && `; its log ends:\n${logEnd.trimEnd()}`
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    crash = undefined
    if (!running) return
    const { app, exited } = running
    running.phase = 'ending'
    app.signal(signal)
    if (signal === 'SIGKILL') return exited
    const overdue = setTimeout(() => app.signal('SIGKILL'), STOP_TIMEOUT_MS)
    await exited
    clearTimeout(overdue)
  }

  function state(): AppState {
    if (crash !== undefined) return { kind: 'crashed', detail: crash }
    if (!running || running.phase === 'gone') return { kind: 'down' }
    return { kind: running.phase }
  }

  async function health(): Promise<Health | undefined> {
    try {
      const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) })
      return response.ok ? readHealth(await response.json()) : undefined
    } catch {
      return undefined
    }
  }

  return { start, stop: () => end('SIGTERM'), kill: () => end('SIGKILL'), state, health }
}

function readHealth(body: unknown): Health | undefined {
  if (typeof body !== 'object' || body === null || !('idle' in body) || !('now' in body)) return undefined
  if (typeof body.idle !== 'boolean' || typeof body.now !== 'string') return undefined
  const now = Date.parse(body.now)
  return Number.isNaN(now) ? undefined : { idle: body.idle, now }
}
