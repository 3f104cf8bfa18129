/** The process: the app on real GitHub and AWS, or, with nothing configured, a whole world on this machine to try it in. */
import { accessSync, closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { startApp } from './app.ts'
import { chooseMode, formatProblems, readConfig } from './config.ts'
import type { Sandbox } from './sandbox/sandbox.ts'

const USAGE = `Usage: npm start [-- OPTIONS]

With APP_ID, PRIVATE_KEY, WEBHOOK_SECRET and DAYPASS_OPERATOR_FILE set: the app, on real GitHub and AWS.
With nothing set: a sandbox on loopback with the app in it, and a tour of the whole path.

Options, all of the sandbox:
  --no-tour             don't play the tour
  --tour-only           play the tour and end; exits 1 at the first thing that isn't as it should be
  --ready-file FILE     when all is up, write its addresses, tokens and keys into FILE
  --data DIR            keep the whole world in DIR, and take it up again from there at the next start;
                        without it, the world is gone at the end
  --github-port PORT    or SANDBOX_GITHUB_PORT; 0, the default, takes any free port; the next three likewise
  --aws-port PORT       or SANDBOX_AWS_PORT
  --control-port PORT   or SANDBOX_CONTROL_PORT
  --app-port PORT       or SANDBOX_APP_PORT
`

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  'no-tour': { type: 'boolean' },
  'tour-only': { type: 'boolean' },
  'ready-file': { type: 'string' },
  data: { type: 'string' },
  'github-port': { type: 'string' },
  'aws-port': { type: 'string' },
  'control-port': { type: 'string' },
  'app-port': { type: 'string' },
} as const

type Flags = ReturnType<typeof readFlags>

async function main(): Promise<void> {
  const flags = readFlags()
  if (flags.help) return console.log(USAGE)
  const mode = chooseMode(process.env, { wantsSandbox: Object.keys(flags).length > 0 })
  if (typeof mode === 'object') return fail(mode.refused)
  return mode === 'real' ? runApp() : runSandbox(flags)
}

/** The command was not understood, or asks for what can't be; nothing was started. */
class WrongUse extends Error {
  override readonly name = 'WrongUse'
}

function readFlags() {
  try {
    return parseArgs({ options: OPTIONS }).values
  } catch (error) {
    // What follows the first sentence speaks of arguments that this command does not take.
    throw new WrongUse(reasonOf(error).split('. ')[0], { cause: error })
  }
}

async function runApp(): Promise<void> {
  const config = readConfig(process.env, { read: (path) => readFileSync(path, 'utf8'), prepare })
  if (!config.ok) return fail(formatProblems(config.problems, process.env))
  const app = await startApp(config.value)
  onSignal(() => app.stop())
}

/** A pipe or a device is refused: what is written there is not kept, and nobody may be reading. */
function prepare(path: string): void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants
  const file = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o600)
  const isFile = fstatSync(file).isFile()
  closeSync(file)
  if (!isFile) throw Object.assign(new Error('no file'), { code: 'ENOTSUP' })
}

async function runSandbox(flags: Flags): Promise<void> {
  const ports = {
    githubPort: portOf(flags, 'github-port'),
    awsPort: portOf(flags, 'aws-port'),
    controlPort: portOf(flags, 'control-port'),
    appPort: portOf(flags, 'app-port'),
  }
  checkReadyFile(flags['ready-file'])
  // Loaded only here: the real app needs none of it, nor what it depends on.
  const [{ startSandbox }, { runCommand }] = await Promise.all([
    import('./sandbox/sandbox.ts'),
    import('./sandbox/app-process.ts'),
  ])
  // The SDK's word on the future of Node 20 would stand in the middle of what is said here.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  console.log('Starting a GitHub, an AWS and Daypass on this machine …')
  const sandbox = await startSandbox({
    ...ports,
    dataDir: flags.data,
    app: runCommand(process.execPath, [...process.execArgv, process.argv[1] ?? '']),
  })
  onSignal(() => sandbox.close())
  if (flags['ready-file'] !== undefined) {
    const { writeReadyFile } = await import('./sandbox/ready.ts')
    await writeReadyFile(flags['ready-file'], sandbox.ready)
  }
  if (!flags['no-tour']) await tour(sandbox)
  if (flags['tour-only']) return sandbox.close()
  printAddresses(sandbox)
}

/** Before anything is started: whoever waits for the file would wait for ever. */
function checkReadyFile(file: string | undefined): void {
  if (file === undefined) return
  try {
    accessSync(dirname(file), constants.W_OK)
  } catch (error) {
    throw new WrongUse(`--ready-file ${file} can't be written: ${reasonOf(error)}`, { cause: error })
  }
}

async function tour(sandbox: Sandbox): Promise<void> {
  try {
    const { playTour } = await import('./sandbox/tour.ts')
    await playTour(sandbox.ready, (line) => console.log(line))
  } catch (error) {
    await sandbox.close()
    throw error
  }
}

function printAddresses({ ready: { github, aws, control, app } }: Sandbox): void {
  const { alice = '' } = github.tokens
  const keys = aws.keys.alice
  console.log(`
It stays up until you press Ctrl-C:
  Page     ${github.url}   (open it in a browser: look and click as everybody)
  GitHub   ${github.url}/${github.repository}   (API at ${github.url}/api/v3)
  AWS      ${aws.endpoint}   (IAM, STS and S3; region ${aws.region})
  Control  ${control.url}   (GET /clock, POST /clock {"advance":"4h"}, GET /calls, …)
  Daypass  ${app.url}/healthz
As alice, at the command line:
  git clone ${github.url.replace('://', `://alice:${alice}@`)}/${github.repository}.git
  git -C access config user.email alice@acme.example
  export GITHUB_TOKEN=${alice} GITHUB_SERVER_URL=${github.url}
  node dist/cli/main.js -C access request --bucket customer-exports
When olivia has approved and merged it on the page, with the AWS CLI (2.13 or newer):
  export AWS_ENDPOINT_URL=${aws.endpoint} AWS_CONFIG_FILE="$PWD/aws-config" AWS_SHARED_CREDENTIALS_FILE="$PWD/aws-keys"
  aws configure set aws_access_key_id ${keys?.accessKeyId}
  aws configure set aws_secret_access_key ${keys?.secretAccessKey}
  node dist/cli/main.js -C access profile
Tokens and keys of its other people: start with --ready-file FILE.`)
}

function portOf(flags: Flags, name: 'github-port' | 'aws-port' | 'control-port' | 'app-port'): number {
  const variable = `SANDBOX_${name.toUpperCase().replace('-', '_')}`
  const given = flags[name]
  const text = given ?? process.env[variable] ?? '0'
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new WrongUse(
      `${given === undefined ? variable : `--${name}`} takes a port from 0 to 65535, not ${text}`,
    )
  return port
}

/** The first signal lets what is in progress end; the second one does not wait. */
function onSignal(stop: () => Promise<void>): void {
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      stop().then(() => process.exit(0), fail)
    })
  }
}

const PORT_FIX = 'Choose another: PORT for the app; of the sandbox see npm start -- --help.'

/** Where a port could not be had: no mistake of the program's, and its stack would help nobody. */
function portRefused(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || error.syscall !== 'listen') return undefined
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  const why = code === 'EADDRINUSE' ? 'another program listens there' : error.message
  return `Can't listen on ${address} port ${port}: ${why}.\n${PORT_FIX}`
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function fail(error: unknown): void {
  if (error instanceof WrongUse) {
    console.error(`${error.message}.\nSee npm start -- --help.`)
    process.exitCode = 2
    return
  }
  const refused = portRefused(error)
  if (refused !== undefined) console.error(refused)
  else console.error(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exitCode = 1
}

main().catch(fail)
