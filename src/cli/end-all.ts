/** `daypass end-all`: ends every grant of a repository or an account from AWS alone, for when GitHub can't be trusted or reached. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createAccountClients } from '../aws/clients.ts'
import { AccountRoleRefused, ActionRefused, HubCredentialsRefused } from '../aws/failures.ts'
import { createGrantReader } from '../aws/grant-reader.ts'
import { createGrantWriter } from '../aws/grant-writer.ts'
import { type Clock, correct, systemClock } from '../clock.ts'
import type { Account } from '../core/account.ts'
import type { StandingGrant, StrayRole } from '../core/grant.ts'
import { utc } from '../core/report-words.ts'
import { formatInstant } from '../core/window.ts'
import type { GrantReader, GrantWriter } from '../ports.ts'
import { readOperator } from './accounts.ts'
import { createAsk } from './ask.ts'
import { EXIT, type ExitCode, Failure, reasonOf } from './failure.ts'
import { columns, type Output, shown } from './output.ts'

export interface EndAllOptions {
  readonly operator?: string
  /** `acme/access`, or its number, as the operator file need not name it; all of the file where left out. */
  readonly repository?: string
  /** Alias; all where left out. */
  readonly account?: string
  readonly yes?: boolean
}

/** Where grants of one repository may stand. */
interface Place {
  readonly repository: string
  readonly repositoryId: number
  readonly account: Account
}

type Target = Place &
  (
    | { readonly kind: 'grant'; readonly standing: StandingGrant }
    | { readonly kind: 'stray'; readonly stray: StrayRole }
  )

/** What could not be read or ended; the rest was all the same. */
interface Trouble {
  readonly where: string
  readonly why: string
  readonly fix: string
}

const AGAIN = 'Run it again; what is ended already stays so. AWS closes every window at its end in any case.'
const AS_HUB =
  'AWS refuses whoever runs this: run it with the credentials of the hub role, as the app has them. AWS closes every window at its end in any case.'

export async function endAll(options: EndAllOptions, output: Output): Promise<ExitCode> {
  const ask = createAsk({ json: output.isJson })
  // By the time of AWS, whatever this machine's own clock says.
  const clock = correct(systemClock)
  const now = () => Math.floor(clock.now() / 1000)
  const grants = connect(clock, now)
  const { targets, over, troubles } = await findTargets(grants, placesOf(options))
  if (targets.length > 0) {
    output.line(`This ends now, for good, sessions in use included:\n`)
    for (const line of columns([['REPOSITORY', 'ACCOUNT', 'UNTIL', 'FILE OR ROLE'], ...targets.map(row)]))
      output.line(line)
  } else if (troubles.length === 0) output.line('Nothing is lent there that could be ended.')
  for (const { where } of troubles) output.line(`Could not look at ${where}: whatever is lent there goes on.`)
  const isMeant = targets.length === 0 || options.yes === true || (await confirm(ask, targets.length))
  ask?.end()
  if (!isMeant) return EXIT.no
  const endEach = (of: readonly Target[]) => Promise.all(of.map((target) => end(grants, target, now())))
  const [ended, kept] = await Promise.all([endEach(targets), endEach(over)])
  const failed = [...troubles, ...[...ended, ...kept].filter((trouble) => trouble !== undefined)]
  output.json({
    ended: targets.filter((_, index) => ended[index] === undefined).map(told),
    failed,
  })
  const count = ended.filter((trouble) => trouble === undefined).length
  if (targets.length > 0) output.line(`\nEnded ${count} of ${targets.length}.`)
  const whole = kept.filter((trouble) => trouble === undefined).length
  if (over.length > 0) output.line(`Made sure of ${whole} of ${over.length} that stood ended already.`)
  if (failed.length === 0) {
    output.note('The app takes the files out and tells people; what was ended it does not grant again.')
    return EXIT.done
  }
  // The one document that JSON readers get tells it already.
  if (output.isJson) return EXIT.failed
  throw new Failure(
    failed.map(({ where, why }) => `${where}: ${why}`).join('\n'),
    [...new Set(failed.map(({ fix }) => fix))].join('\n  '),
  )
}

function connect(clock: Clock, now: () => number): GrantReader & GrantWriter {
  const clients = createAccountClients({
    now: () => clock.now(),
    clock,
    ...(process.env.AWS_ENDPOINT_URL && { endpoint: process.env.AWS_ENDPOINT_URL }),
  })
  return {
    ...createGrantReader({ clients, onForeign: () => {} }),
    ...createGrantWriter({ clients, sleep, now }),
  }
}

function placesOf({ operator, repository, account }: EndAllOptions): readonly Place[] {
  if (operator === undefined) {
    throw new Failure(
      'Which accounts lend to which repositories stands in the operator file.',
      'Name it with --operator FILE.',
      { exitCode: EXIT.usage },
    )
  }
  if (repository === undefined && account === undefined) {
    throw new Failure(
      'Say what is to end.',
      'Name a repository with --repository OWNER/NAME or its number, an account with --account ALIAS, or both.',
      { exitCode: EXIT.usage },
    )
  }
  const places = [...readOperator(operator).values()].flatMap(({ id, name, accounts }) =>
    [...accounts.values()].map((of): Place => ({ repository: name, repositoryId: id, account: of })),
  )
  const found = places.filter(
    (place) =>
      (repository === undefined || [place.repository, String(place.repositoryId)].includes(repository)) &&
      (account === undefined || place.account.alias === account),
  )
  if (found.length > 0) return found
  throw new Failure(
    `${operator} has no such repository or account.`,
    `It has ${places.map((place) => `${calledBoth(place)} with ${place.account.alias}`).join(', ')}.`,
    { exitCode: EXIT.usage },
  )
}

/** A repository without a name is called by its number already. */
function calledBoth({ repository, repositoryId }: Place): string {
  return repository.includes('/') ? `${repository} (${repositoryId})` : repository
}

/** One account that can't be read holds up no other. */
async function findTargets(grants: GrantReader, places: readonly Place[]) {
  const targets: Target[] = []
  // Their trust policies say that they are ended, which may be all that is left of it.
  const over: Target[] = []
  const troubles: Trouble[] = []
  await Promise.all(
    places.map(async (place) => {
      try {
        const listed = await grants.list(place.account, place.repositoryId)
        for (const standing of listed.grants)
          (standing.state.kind === 'live' ? targets : over).push({ ...place, kind: 'grant', standing })
        targets.push(...listed.strays.map((stray): Target => ({ ...place, kind: 'stray', stray })))
      } catch (error) {
        troubles.push(troubleAt(`${place.repository} in ${place.account.alias}`, error))
      }
    }),
  )
  return { targets, over, troubles }
}

async function confirm(ask: ReturnType<typeof createAsk>, count: number): Promise<boolean> {
  if (ask === undefined) {
    throw new Failure('Nobody is there to confirm it.', 'Add --yes where it is meant.', {
      exitCode: EXIT.usage,
    })
  }
  return ask.yes(`End ${count === 1 ? 'it' : `these ${count}`}?`)
}

/** Undefined where it is ended. */
async function end(grants: GrantWriter, target: Target, now: number): Promise<Trouble | undefined> {
  try {
    if (target.kind === 'stray')
      await grants.denyStray(target.account, target.repositoryId, target.stray, now)
    else await endGrant(grants, target.account, target.standing, now)
    return undefined
  } catch (error) {
    return troubleAt(roleOf(target), error)
  }
}

/** What was ended before stays so by its own reason. */
function endGrant(grants: GrantWriter, account: Account, standing: StandingGrant, now: number) {
  const { state } = standing
  return state.kind === 'ended'
    ? grants.deny(account, standing, state.at, state.because)
    : grants.deny(account, standing, now, 'ended-by-operator')
}

function troubleAt(where: string, error: unknown): Trouble {
  return { where, why: reasonOf(error), fix: isRefusal(error) ? AS_HUB : AGAIN }
}

/** What is read is refused as the cause of an `Unreadable`. */
function isRefusal(error: unknown): boolean {
  if ([HubCredentialsRefused, AccountRoleRefused, ActionRefused].some((kind) => error instanceof kind))
    return true
  return error instanceof Error && error.cause !== undefined && isRefusal(error.cause)
}

function roleOf(target: Target): string {
  return target.kind === 'grant' ? target.standing.roleArn : target.stray.roleArn
}

function row(target: Target): string[] {
  const { repository, account } = target
  const until = target.kind === 'grant' ? utc(target.standing.window.end) : ''
  const what = target.kind === 'grant' ? target.standing.identity.path : target.stray.roleArn
  return [repository, account.alias, until, shown(what)]
}

function told(target: Target) {
  const { repository, account } = target
  const place = { repository, account: account.alias, role: roleOf(target) }
  if (target.kind === 'stray') return place
  const { identity, window } = target.standing
  return { ...place, path: identity.path, pull: identity.pull, until: formatInstant(window.end) }
}
