/** Finds the one request that a command is about: the one that is named, or the only one of one's own that fits. */
import { EXIT, Failure } from './failure.ts'
import type { GitHubAs } from './github.ts'
import { startProgress } from './output.ts'
import { readStanding, readStandings, type Standing, UNCLEAR_FIX } from './standing.ts'

/** Windows open at most 30 days after the merge and last at most 30 days. */
const LONGEST_LIFE = 60 * 86_400

/** `wanted`: a path, a file's name, or a pull request's number. Without it, one's own requests that `fits` says yes to. */
export async function findRequest(
  github: GitHubAs,
  wanted: string | undefined,
  fits: (standing: Standing) => boolean,
  what: string,
): Promise<Standing> {
  const login = await github.login()
  const [, number] = /^#?([1-9]\d*)$/.exec(wanted ?? '') ?? []
  const standings =
    number === undefined
      ? await readRecent(github, wanted === undefined ? login : undefined)
      : await readStanding(github, Number(number))
  const named = standings.filter((standing) => wanted === undefined || isNamed(standing, wanted))
  const found = named.filter(fits)
  const [only, ...others] = found
  if (only !== undefined && others.length === 0) return only
  const list = found.map(({ path, pull }) => `  #${pull} ${path}`).join('\n')
  if (only !== undefined)
    throw new Failure(`More than one request is ${what}:\n${list}`, 'Name one by its number, such as 12.', {
      exitCode: EXIT.usage,
    })
  const near = named.find(({ state }) => wanted !== undefined || state.kind === 'unclear')
  throw new Failure(
    near
      ? `#${near.pull} ${near.path} is not ${what}: ${near.says.replace(/\.$/, '')}.`
      : `No request${wanted === undefined ? ` of ${login}` : ` ${wanted}`} is ${what}.`,
    near?.state.kind === 'unclear' ? UNCLEAR_FIX : 'See how they stand with `daypass status --all`.',
    { exitCode: EXIT.no },
  )
}

/** `author`: undefined for everybody's. */
async function readRecent(github: GitHubAs, author: string | undefined): Promise<readonly Standing[]> {
  const progress = startProgress('Reading pull requests')
  const since = (await github.now()) - LONGEST_LIFE
  const standings = await readStandings(github, {
    ...(author !== undefined && { author }),
    since,
    onProgress: progress.at,
  })
  progress.end()
  return standings
}

/** Whether it is the request of whoever is signed in. */
export async function isOwn(github: GitHubAs, { author }: Standing): Promise<boolean> {
  return author.toLowerCase() === (await github.login()).toLowerCase()
}

/** `doing`: what nobody else can. */
export async function refuseOthers(
  github: GitHubAs,
  standing: Standing,
  { doing, fix }: { readonly doing: string; readonly fix: string },
): Promise<void> {
  if (await isOwn(github, standing)) return
  throw new Failure(`${standing.path} is ${standing.author}'s: only they can ${doing}.`, fix, {
    exitCode: EXIT.no,
  })
}

function isNamed({ path, pull, location }: Standing, wanted: string): boolean {
  return wanted.replace(/^#/, '') === String(pull) || wanted === path || wanted === location?.name
}
