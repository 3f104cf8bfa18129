/** GitHub as the person sees it who runs the command: where it is, as whom, and what it answers. The only caller of GitHub here. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Octokit } from '@octokit/rest'
import { apiBeside, PUBLIC, pagesBeside } from '../core/github-address.ts'
import { pinVersion } from '../github/api-version.ts'
import type { Clone } from './clone.ts'
import { EXIT, Failure, reasonOf } from './failure.ts'

export interface GitHubOptions {
  /** `https://github.com`, or where another GitHub is. */
  readonly githubUrl?: string
  /** `acme/access` */
  readonly repository?: string
}

/** One repository at one GitHub. */
export interface Place {
  /** `https://github.com` */
  readonly url: string
  /** `https://api.github.com` */
  readonly apiUrl: string
  readonly owner: string
  readonly repo: string
  /** Whether somebody named this GitHub on purpose, and not only the clone's remote. */
  readonly isNamed: boolean
}

export interface GitHubAs {
  readonly place: Place
  readonly token: string
  readonly octokit: Octokit
  readonly at: { readonly owner: string; readonly repo: string }
  readonly repository: { readonly id: number; readonly defaultBranch: string }
  /** Who is signed in. */
  login(): Promise<string>
  /** Seconds since the epoch, by GitHub's clock: windows are in its time. */
  now(): Promise<number>
}

const NAME = /^[\w-][\w.-]*\/[\w.-]*[\w-][\w.-]*$/
/** Milliseconds; then the call counts as failed. */
const TIMEOUT = 30_000
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

export async function connect(clone: Clone | undefined, options: GitHubOptions): Promise<GitHubAs> {
  const place = await findPlace(clone, options)
  const token = await findToken(place)
  const octokit = new Octokit({
    auth: token,
    baseUrl: place.apiUrl,
    log: SILENT,
    request: {
      fetch: (url: Parameters<typeof fetch>[0], init: RequestInit = {}) =>
        fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT) }),
    },
  })
  pinVersion(octokit)
  octokit.hook.error('request', (error, options) => {
    const { method, url } = octokit.request.endpoint(options)
    throw explained(error, `${method} ${new URL(url, place.url).pathname}`, place)
  })
  const at = { owner: place.owner, repo: place.repo }
  const { data } = await octokit.repos.get(at)
  if (options.repository === undefined) refuseFork(data)
  return {
    place,
    token,
    octokit,
    at,
    repository: { id: data.id, defaultBranch: data.default_branch },
    login: async () => (await octokit.users.getAuthenticated()).data.login,
    now: async () => {
      const { headers } = await octokit.repos.get(at)
      const date = Date.parse(headers.date ?? '')
      return Math.floor((Number.isNaN(date) ? Date.now() : date) / 1000)
    },
  }
}

/** Who works in a fork has it for `origin`, but access is given in the repository that it was forked from. */
function refuseFork(repository: {
  readonly full_name: string
  readonly fork: boolean
  readonly parent?: { readonly full_name: string }
}): void {
  if (!repository.fork) return
  const parent = repository.parent?.full_name
  throw new Failure(
    `${repository.full_name} is a fork${parent === undefined ? '' : ` of ${parent}`}.`,
    parent === undefined
      ? `Say --repository OWNER/NAME of what it was forked from, or --repository ${repository.full_name} if the fork is meant.`
      : `Say --repository ${parent}, or --repository ${repository.full_name} if the fork is meant.`,
    { exitCode: EXIT.usage },
  )
}

export async function findPlace(
  clone: Clone | undefined,
  { githubUrl, repository }: GitHubOptions,
): Promise<Place> {
  const api = readApi(process.env.GITHUB_API_URL)
  const wanted = githubUrl ?? (process.env.GITHUB_SERVER_URL || api?.pages)
  const remote = parseRemote((await clone?.tryGit(['remote', 'get-url', 'origin']))?.trim() ?? '')
  const name = repository ?? remote?.name
  if (name === undefined || !NAME.test(name)) {
    throw new Failure(
      name === undefined
        ? "Which repository is meant can't be worked out."
        : `${name} is no repository's name.`,
      'Run it in a clone whose remote `origin` is on GitHub, or say --repository OWNER/NAME.',
      { exitCode: EXIT.usage },
    )
  }
  const [owner = '', repo = ''] = name.split('/')
  const url = checkUrl(wanted ?? remote?.url ?? PUBLIC)
  // Whose API the variable names may be another GitHub: what is sent to this one is not for that.
  const apiUrl = api?.pages === url ? api.url : apiBeside(url)
  return { url, apiUrl, owner, repo, isNamed: wanted !== undefined }
}

function readApi(text: string | undefined): { readonly url: string; readonly pages: string } | undefined {
  if (!text) return undefined
  checkUrl(text)
  return { url: text.replace(/\/+$/, ''), pages: pagesBeside(new URL(text)) }
}

/** A token goes over this address: in the clear only within the machine. */
function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isLoopback = url !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) return url.origin
  throw new Failure(`${text} is no address of a GitHub.`, 'Write it as https://github.example.com.', {
    exitCode: EXIT.usage,
  })
}

/** Undefined for a remote that is no GitHub, such as a folder. */
export function parseRemote(remote: string): { readonly url: string; readonly name: string } | undefined {
  const web = /^(https?:\/\/)(?:[^@/]+@)?([^/]+)\/([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(remote)
  if (web) return { url: `${web[1]}${web[2]}`, name: web[3] ?? '' }
  const ssh = /^(?:ssh:\/\/)?(?:[^@/]+@)([^/:]+)(?::\d+\/|[:/])([^/]+\/[^/]+?)(?:\.git)?\/?$/.exec(remote)
  return ssh ? { url: `https://${ssh[1]}`, name: ssh[2] ?? '' } : undefined
}

const GENERAL = ['GITHUB_TOKEN', 'GH_TOKEN'] as const
const ENTERPRISE = ['GH_ENTERPRISE_TOKEN', 'GITHUB_ENTERPRISE_TOKEN'] as const

/**
 * No token goes to a host other than github.com because a clone's remote says so: it does only where that host was named
 * by flag or environment, or `gh` keeps that token for it.
 */
export async function findToken({ url, isNamed }: Place): Promise<string> {
  const { env } = process
  const host = new URL(url).host
  const isMeant = isNamed || env.GH_HOST?.toLowerCase() === host
  const variables = url === PUBLIC ? GENERAL : [...ENTERPRISE, ...GENERAL]
  const variable = variables.find((name) => env[name])
  const token = variable && env[variable]
  if (token && (url === PUBLIC || isMeant)) return token
  const fromGh = await tokenOfGh(host)
  if (fromGh) return fromGh
  const hint =
    url === PUBLIC
      ? 'Set GITHUB_TOKEN, or sign in with `gh auth login`.'
      : variable
        ? `${variable} is not sent to ${host} unless it is named: add --github-url ${url}.`
        : `Set GITHUB_TOKEN and add --github-url ${url}, or sign in with \`gh auth login --hostname ${host}\`.`
  throw new Failure(`Nobody is signed in to ${host}.`, hint)
}

/** What `gh` keeps for that host: those of the environment it would give out for any. */
async function tokenOfGh(host: string): Promise<string | undefined> {
  const without = Object.fromEntries([...GENERAL, ...ENTERPRISE].map((name) => [name, undefined]))
  try {
    const { stdout } = await promisify(execFile)('gh', ['auth', 'token', '--hostname', host], {
      timeout: TIMEOUT,
      env: { ...process.env, ...without },
    })
    return stdout.trim() || undefined
  } catch {
    return undefined
  }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
}

/** Octokit calls it a 500 where no answer came at all. */
function answerOf(error: unknown): Answer | undefined {
  if (!(error instanceof Error) || !('status' in error) || !('response' in error)) return undefined
  return error.response as Answer | undefined
}

function explained(error: unknown, what: string, { url, owner, repo }: Place): Failure {
  const answer = answerOf(error)
  const told = (message: string, fix: string) => new Failure(message, fix, { cause: error })
  if (answer === undefined)
    return told(`${url} could not be reached (${reasonOf(error)}).`, 'Check the network, and --github-url.')
  const { status } = answer
  const message = `GitHub answered ${status} to ${what}: ${reasonOf(error)}.`
  switch (status) {
    case 401:
      return told(message, 'Renew the token: set GITHUB_TOKEN, or sign in again with `gh auth login`.')
    case 403:
    case 429:
      return told(message, isUsedUp(answer, message) ? 'The rate limit is used up: wait.' : rightsFix(what))
    case 404:
      return told(
        message,
        `Check that ${owner}/${repo} is right, and that you can see it as you are signed in.`,
      )
    default:
      return told(message, 'Look at the repository on GitHub, and run this again.')
  }
}

function isUsedUp({ status, headers }: Answer, message: string): boolean {
  const isLimit = headers['x-ratelimit-remaining'] === '0' || 'retry-after' in headers
  return status === 429 || isLimit || /\brate limit\b/i.test(message)
}

function rightsFix(what: string): string {
  return what.endsWith('/check-runs')
    ? 'Fine-grained personal access tokens can not read checks: set GITHUB_TOKEN to a classic one with the scope `repo`, or sign in with `gh auth login`.'
    : 'The token may need the scope `repo`.'
}

/** What git needs to use the same token over HTTP; it is in no argument, so that no list of processes shows it. */
export function gitAuth({ place, token }: GitHubAs): Record<string, string> {
  const credentials = Buffer.from(`x-access-token:${token}`).toString('base64')
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${place.url}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${credentials}`,
  }
}
