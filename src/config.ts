/** Environment and operator file → configuration, once, at the start; every problem is listed. */
import type { Account } from './core/account.ts'
import { apiBeside, PUBLIC, pagesBeside } from './core/github-address.ts'
import { STANDARD_OUTPUT } from './event-stream.ts'
import { parseOperatorFile } from './operator-file.ts'
import {
  type ConfigProblem,
  type Environment,
  isLoopback,
  pemOf,
  privateKeyOf,
  readSettings,
  reasonOf,
  type Settings,
} from './settings.ts'

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

export interface Config {
  readonly app: { readonly id: number; readonly privateKey: string; readonly webhookSecret: string }
  readonly github: {
    readonly apiUrl: string
    readonly htmlUrl: string
    /** Whether calls are spaced out as GitHub asks; a sandbox on this machine needs no such mercy. */
    readonly throttle: boolean
  }
  readonly aws: { readonly endpoint?: string }
  readonly http: { readonly host: string; readonly port: number }
  readonly sweepSeconds: number
  /** Ed25519, PKCS #8, PEM. */
  readonly receiptKey?: string
  /** Where the event stream goes: a file, or `-` for standard output. */
  readonly eventsFile?: string
  readonly clockUrl?: string
  readonly logLevel: (typeof LOG_LEVELS)[number]
  readonly repositories: ReadonlyMap<number, RepositoryConfig>
}

export interface RepositoryConfig {
  readonly id: number
  /** For people; GitHub is asked by id. */
  readonly name: string
  /** CODEOWNERS and rules are trusted as they stand there. */
  readonly trustedCommit: string
  /** By alias. */
  readonly accounts: ReadonlyMap<string, Account>
}

export type ConfigOutcome =
  | { readonly ok: true; readonly value: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** What of files the configuration needs to know; each throws where it can't be done. */
export interface Files {
  read(path: string): string
  /** Makes sure that lines can be written to the end of a file; makes one where there is none. */
  prepare(path: string): void
}

export function readConfig(env: Environment, files: Files): ConfigOutcome {
  const settings = readSettings(env, files.read)
  const id = readAppId(settings)
  const privateKey = readPrivateKey(settings)
  const webhookSecret = readWebhookSecret(settings)
  const github = readGitHub(settings)
  const aws = readAws(settings)
  const http = {
    host: settings.text('HOST') ?? '127.0.0.1',
    port: settings.wholeNumber('PORT', { min: 0, max: 65_535, otherwise: 3000 }),
  }
  const sweepSeconds = settings.wholeNumber('DAYPASS_SWEEP_SECONDS', { min: 1, max: 3600, otherwise: 300 })
  const receiptKey = readReceiptKey(settings)
  const eventsFile = readEventsFile(settings, files)
  const clockUrl = readClockUrl(settings, github, aws)
  const logLevel = settings.oneOf('LOG_LEVEL', LOG_LEVELS, 'info')
  const repositories = readRepositories(settings)

  const { problems } = settings
  if (problems.length > 0 || !id || !privateKey || !webhookSecret || !github || !repositories) {
    return { ok: false, problems }
  }
  return {
    ok: true,
    value: {
      app: { id, privateKey, webhookSecret },
      github,
      aws,
      http,
      sweepSeconds,
      logLevel,
      repositories,
      ...(receiptKey !== undefined && { receiptKey }),
      ...(eventsFile !== undefined && { eventsFile }),
      ...(clockUrl !== undefined && { clockUrl }),
    },
  }
}

/** Settings of the app or of AWS: one of them, and nobody meant the sandbox. */
const REAL = /^(?:AWS_|DAYPASS_|GHE_)|^(?:APP_ID|PRIVATE_KEY|PRIVATE_KEY_PATH|WEBHOOK_SECRET|GITHUB_API_URL)$/

/** How the AWS tools talk, but neither to whom nor as whom. */
const MANNERS =
  /^AWS_(?:CA_BUNDLE|PAGER|CLI_\w+|DEFAULT_OUTPUT|EC2_METADATA_DISABLED|MAX_ATTEMPTS|RETRY_MODE)$/

/** Even a region alone counts: cloud services set it for what they run, and a sandbox there would be an accident. */
function realSettings(env: Environment): string[] {
  return Object.keys(env).filter((name) => {
    const value = env[name]?.trim()
    // GitHub's own runners set this one, to where everybody's GitHub is.
    const isUsual = name === 'GITHUB_API_URL' && value === PUBLIC_API
    return value && !isUsual && REAL.test(name) && !MANNERS.test(name)
  })
}

export type Mode = 'real' | 'sandbox' | { readonly refused: string }

/** The sandbox never starts by accident; where it is asked for by name but may not start, that is refused. */
export function chooseMode(env: Environment, { wantsSandbox = false } = {}): Mode {
  const reasons = realSettings(env)
  if (env.NODE_ENV?.trim().toLowerCase() === 'production') reasons.unshift('NODE_ENV=production')
  if (reasons.length === 0) return 'sandbox'
  if (!wantsSandbox) return 'real'
  return { refused: `The sandbox does not start where these are set: ${reasons.join(', ')}. Unset them.` }
}

function missing({ report }: Settings, where: string, fix: string): undefined {
  return report({ code: 'setting-missing', where, message: `${where} is not set.`, fix })
}

function invalid({ report }: Settings, where: string, message: string, fix: string): undefined {
  return report({ code: 'setting-invalid', where, message, fix })
}

function readAppId(settings: Settings): number | undefined {
  const text = settings.text('APP_ID')
  if (text === undefined)
    return missing(settings, 'APP_ID', "Set it to the app's id, from the app's page on GitHub.")
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  return invalid(
    settings,
    'APP_ID',
    'APP_ID is not a number.',
    "Set it to the app's id, not to its client id or name.",
  )
}

const MIN_RSA_BITS = 2048

function readPrivateKey(settings: Settings): string | undefined {
  const before = settings.problems.length
  const text = settings.textOrFile('PRIVATE_KEY')
  if (text === undefined) {
    const fix = "Set it, or PRIVATE_KEY_PATH, to the key that GitHub made on the app's page."
    return settings.problems.length > before ? undefined : missing(settings, 'PRIVATE_KEY', fix)
  }
  const pem = pemOf(text)
  const key = privateKeyOf(pem)
  const bits = key?.asymmetricKeyDetails?.modulusLength ?? 0
  if (key?.asymmetricKeyType === 'rsa' && bits >= MIN_RSA_BITS) return pem
  const message = `PRIVATE_KEY is not an RSA key of ${MIN_RSA_BITS} bits or more in PEM form.`
  return invalid(
    settings,
    'PRIVATE_KEY',
    message,
    'Use the .pem file that GitHub gave you, whole and unchanged.',
  )
}

const MIN_SECRET = 16

function readWebhookSecret(settings: Settings): string | undefined {
  const secret = settings.text('WEBHOOK_SECRET')
  const fix = "Set it to the webhook secret from the app's page, made with `openssl rand -hex 32`."
  if (secret === undefined) return missing(settings, 'WEBHOOK_SECRET', fix)
  if (secret.length >= MIN_SECRET) return secret
  return invalid(settings, 'WEBHOOK_SECRET', `WEBHOOK_SECRET has fewer than ${MIN_SECRET} characters.`, fix)
}

const PUBLIC_API = apiBeside(PUBLIC)

function readGitHub(settings: Settings): Config['github'] | undefined {
  const host = settings.text('GHE_HOST')
  if (host !== undefined && settings.text('GITHUB_API_URL') !== undefined) {
    const message = 'GHE_HOST and GITHUB_API_URL are both set.'
    return settings.report({
      code: 'setting-conflict',
      where: 'GHE_HOST',
      message,
      fix: 'Keep one of the two.',
    })
  }
  if (host !== undefined) {
    if (/^[a-z0-9][a-z0-9.-]*(?::\d{1,5})?$/i.test(host)) {
      const htmlUrl = `https://${host.toLowerCase()}`
      return { apiUrl: apiBeside(htmlUrl), htmlUrl, throttle: true }
    }
    const fix = 'Write it without https:// and path, such as `github.example.com`.'
    return invalid(settings, 'GHE_HOST', 'GHE_HOST is not a host name.', fix)
  }
  if (settings.text('GITHUB_API_URL') === undefined) return gitHubAt(new URL(PUBLIC_API))
  const url = settings.url('GITHUB_API_URL')
  return url && gitHubAt(url)
}

function gitHubAt(url: URL): Config['github'] {
  return { apiUrl: url.href.replace(/\/+$/, ''), htmlUrl: pagesBeside(url), throttle: !isLoopback(url) }
}

function readAws(settings: Settings): Config['aws'] {
  const endpoint = settings.url('AWS_ENDPOINT_URL')
  return endpoint ? { endpoint: endpoint.href.replace(/\/+$/, '') } : {}
}

function readReceiptKey(settings: Settings): string | undefined {
  const text = settings.textOrFile('DAYPASS_RECEIPT_KEY')
  if (text === undefined) return undefined
  const pem = pemOf(text)
  if (privateKeyOf(pem)?.asymmetricKeyType === 'ed25519') return pem
  const message = 'DAYPASS_RECEIPT_KEY is not an Ed25519 private key in PEM form.'
  return invalid(
    settings,
    'DAYPASS_RECEIPT_KEY',
    message,
    'Make one with `openssl genpkey -algorithm ed25519`.',
  )
}

/** Evidence that can't be kept is found missing at the start, and not when somebody asks for it. */
function readEventsFile(settings: Settings, files: Files): string | undefined {
  const name = 'DAYPASS_EVENTS_FILE'
  const path = settings.text(name)
  if (path === undefined || path === STANDARD_OUTPUT) return path
  try {
    files.prepare(path)
    return path
  } catch (error) {
    const message = `The file that ${name} names can't be written${reasonOf(error)}.`
    return settings.report({
      code: 'file-unwritable',
      where: name,
      message,
      fix: 'Check its folder and who may write there, or write `-` for standard output.',
    })
  }
}

/** A clock that somebody else can move opens and closes windows at will: for a sandbox on this machine only. */
function readClockUrl(
  settings: Settings,
  github: Config['github'] | undefined,
  aws: Config['aws'],
): string | undefined {
  const url = settings.url('DAYPASS_CLOCK_URL')
  if (url === undefined) return undefined
  const neighbours = [url.href, github?.apiUrl, aws.endpoint]
  if (neighbours.every((address) => address !== undefined && isLoopback(new URL(address)))) return url.href
  const message = 'DAYPASS_CLOCK_URL may be set only where it, GitHub and AWS are all on this machine.'
  const fix = 'Unset it: real accounts keep real time.'
  return settings.report({ code: 'setting-conflict', where: 'DAYPASS_CLOCK_URL', message, fix })
}

function readRepositories(settings: Settings): Config['repositories'] | undefined {
  const name = 'DAYPASS_OPERATOR_FILE'
  const path = settings.text(name)
  if (path === undefined)
    return missing(
      settings,
      name,
      'Set it to the path of your operator file; see docs/examples/operator.yml.',
    )
  const source = settings.file(name, path)
  if (source === undefined) return undefined
  const parsed = parseOperatorFile(path, source)
  if (parsed.ok) return parsed.value
  for (const { file, line, column, message, fix } of parsed.problems) {
    settings.report({ code: 'operator-file', where: `${file}:${line}:${column}`, message, fix })
  }
  return undefined
}

/** One line for each problem, and why this is not the sandbox. */
export function formatProblems(problems: readonly ConfigProblem[], env: Environment): string {
  const lines = problems.map(({ where, message, fix }) => `  ${where}: ${message} ${fix}`)
  const mode = chooseMode(env, { wantsSandbox: true })
  const hint = typeof mode === 'object' ? ['', `To try the sandbox instead: ${mode.refused}`] : []
  return ['Daypass does not start, because of its settings:', ...lines, ...hint].join('\n')
}
