/** The page as a client of its own REST API: each person by their own token, over HTTP like everybody else. */
import { Octokit } from '@octokit/rest'
import type { ReadyFile } from '../ready.ts'

export type GitHubAs = (login: string) => Octokit

type Data<Method extends (...given: never[]) => Promise<{ data: unknown }>> = Awaited<
  ReturnType<Method>
>['data']
export type Pull = Data<Octokit['pulls']['get']>
export type ChangedFile = Data<Octokit['pulls']['listFiles']>[number]
export type Commit = Data<Octokit['repos']['listCommits']>[number]
export type CheckRun = Data<Octokit['checks']['listForRef']>['check_runs'][number]
export type Annotation = Data<Octokit['checks']['listAnnotations']>[number]
export type Moment = Data<Octokit['issues']['listEventsForTimeline']>[number]

/** Nobody waits longer for one answer, whatever was ordered to go wrong. */
const ANSWER_WITHIN_MS = 20_000
/** A page that looks again gets 304 for what has not changed, which costs nothing of the person's rate limit. */
const KEPT_ANSWERS = 500
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

export function createGitHub({ github: { url, tokens } }: Pick<ReadyFile, 'github'>): GitHubAs {
  const clients = new Map<string, Octokit>()
  return (login) => {
    const auth = tokens[login]
    if (auth === undefined) throw new Error(`nobody is called ${login} here`)
    const client = clients.get(login) ?? createClient(auth, `${url}/api/v3`)
    clients.set(login, client)
    return client
  }
}

function createClient(auth: string, baseUrl: string): Octokit {
  const client = new Octokit({ auth, baseUrl, log: SILENT })
  type Answer = Awaited<ReturnType<typeof client.request>>
  const kept = new Map<string, Answer>()
  client.hook.wrap('request', async (request, options) => {
    // Changed in place: the hooks beneath this one hold the same object.
    options.request = { ...options.request, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }
    if (options.method !== 'GET') return request(options)
    const key = `${client.request.endpoint(options).url} ${options.headers.accept}`
    const known = kept.get(key)
    if (known?.headers.etag) options.headers['if-none-match'] = known.headers.etag
    try {
      const answer = await request(options)
      kept.delete(key)
      // Copies: whoever leads through pages changes what it gets.
      kept.set(key, structuredClone(answer) as Answer)
      const [oldest] = kept.keys()
      if (kept.size > KEPT_ANSWERS && oldest !== undefined) kept.delete(oldest)
      return answer
    } catch (error) {
      if (known && statusOf(error) === 304) return structuredClone(known)
      throw error
    }
  })
  return client
}

/** The status of an answer that refuses; undefined for anything else that went wrong. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
    ? error.status
    : undefined
}

/** What GitHub said in refusing, in its own words. */
export function refusalOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/ - https:\/\/docs\.github\.com\S*$/, '').trim()
}
