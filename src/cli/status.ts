/** `daypass status`: where my requests stand, or everybody's. */
import { lengthOf, utc } from '../core/report-words.ts'
import { formatInstant } from '../core/window.ts'
import { findClone } from './clone.ts'
import { EXIT, type ExitCode } from './failure.ts'
import { connect, type GitHubOptions } from './github.ts'
import { columns, type Output, type Style, shown, startProgress } from './output.ts'
import { readStandings, type Standing, type StandingState } from './standing.ts'

export interface StatusOptions extends GitHubOptions {
  readonly all?: true
  /** Seconds. */
  readonly since: number
}

export async function status(options: StatusOptions, output: Output): Promise<ExitCode> {
  const github = await connect(await findClone(), options)
  const [login, now] = await Promise.all([github.login(), github.now()])
  const progress = startProgress('Reading pull requests')
  const standings = await readStandings(github, {
    ...(options.all ? {} : { author: login }),
    since: now - options.since,
    onProgress: progress.at,
  })
  progress.end()
  output.json({
    login,
    now: formatInstant(now),
    requests: standings.map((standing) => entryOf(standing, now)),
  })
  if (standings.length === 0) {
    output.line(
      `${options.all ? 'Nobody' : shown(login)} has asked for ${options.all ? 'anything' : 'nothing'} in the last ${lengthOf(options.since)}.`,
    )
    return EXIT.done
  }
  const rows = standings.map((standing) => [
    `#${standing.pull}`,
    LABELS[standing.state.kind],
    ...(options.all ? [shown(standing.author)] : []),
    bucketOf(standing),
    sentenceOf(standing, now),
  ])
  const lines = columns(rows)
  for (const [index, { state }] of standings.entries())
    output.line(output.paint(STYLES[state.kind], lines[index] ?? ''))
  return EXIT.done
}

const LABELS: Readonly<Record<StandingState['kind'], string>> = {
  asked: 'waiting',
  pending: 'merged',
  scheduled: 'scheduled',
  open: 'OPEN',
  over: 'over',
  ended: 'ended',
  refused: 'refused',
  withdrawn: 'closed',
  unclear: 'unclear',
}

const STYLES: Readonly<Record<StandingState['kind'], Style>> = {
  asked: 'yellow',
  pending: 'yellow',
  scheduled: 'green',
  open: 'green',
  over: 'dim',
  ended: 'dim',
  refused: 'red',
  withdrawn: 'dim',
  unclear: 'red',
}

function bucketOf({ location, path }: Standing): string {
  return location ? `${location.account}/${location.bucket}` : shown(path)
}

function sentenceOf({ state, says, isExtension }: Standing, now: number): string {
  switch (state.kind) {
    case 'asked':
      return isExtension ? `for more time: ${shown(says)}` : shown(says)
    case 'open':
      return `${lengthOf(state.window.end - now)} left, until ${utc(state.window.end)}`
    case 'scheduled':
      return `opens in ${lengthOf(state.window.start - now)}, at ${utc(state.window.start)}`
    case 'over':
      return `its window was over at ${utc(state.window.end)}`
    case 'ended':
      return state.at === undefined ? shown(says) : `${utc(state.at)}: ${state.because}`
    default:
      return shown(says)
  }
}

function entryOf(standing: Standing, now: number): object {
  const { path, pull, url, author, says, state, isExtension, record } = standing
  const { window } = record ?? {}
  return {
    path,
    pull,
    url,
    author,
    state: state.kind,
    ...(isExtension && { isExtension }),
    says,
    ...(window && { from: formatInstant(window.start), until: formatInstant(window.end) }),
    ...(state.kind === 'open' && { secondsLeft: state.window.end - now }),
    ...(state.kind === 'ended' &&
      state.at !== undefined && { endedAt: formatInstant(state.at), endedBecause: state.because }),
  }
}
