/** `daypass audit --verify`: takes the evidence of each request again from GitHub and IAM, as whoever asks sees them. */
import { type OwnView as OwnRoles, readOwnView } from '../../aws/own-view.ts'
import { fewAtOnce } from '../../core/few-at-once.ts'
import { identityHash } from '../../core/grant.ts'
import { parseRecord } from '../../core/record.ts'
import { count } from '../../core/report-words.ts'
import { type OwnEvidence, type OwnView, openOwnView } from '../../github/own-view.ts'
import type { Clone } from '../clone.ts'
import { EXIT, type ExitCode, Failure, reasonOf, withoutIam } from '../failure.ts'
import { connect, type GitHubOptions } from '../github.ts'
import { type Output, type Style, shown, startProgress } from '../output.ts'
import { roleIn } from '../role.ts'
import { AT_ONCE } from '../standing.ts'
import { compare, type Finding, OUTCOMES, type Outcome, type Today, worst } from './compare.ts'
import type { Step } from './history.ts'
import type { Audited } from './read-audit.ts'
import { named } from './table.ts'

export interface VerifyOptions extends GitHubOptions {
  readonly appId?: number
  readonly keyIds: readonly string[]
  /** Seconds since the epoch. */
  readonly at: number
}

export interface Verified {
  readonly outcome: Outcome
  readonly findings: readonly Finding[]
  /** GitHub gave no clear answer: that says nothing of the request. */
  readonly unread?: true
}

export interface Verification {
  /** In the order of what was asked. */
  readonly verified: readonly Verified[]
  /** Why IAM gave no answer; undefined where it did. */
  readonly withoutIam?: string
}

export async function verifyAll(
  clone: Clone,
  audited: readonly Audited[],
  options: VerifyOptions,
): Promise<Verification> {
  const view = await open(clone, audited, options)
  const roles = await askIam(view.repositoryId)
  const progress = startProgress('Asking GitHub')
  let done = 0
  const verified = await fewAtOnce(audited, AT_ONCE, async (one) => {
    const found = await verify(view, roles.view, one, options)
    progress.at(++done, audited.length)
    return found
  })
  progress.end()
  return { verified, ...(roles.why !== undefined && { withoutIam: roles.why }) }
}

async function open(clone: Clone, audited: readonly Audited[], options: VerifyOptions): Promise<OwnView> {
  const { place, token } = await connect(clone, options)
  const { apiUrl, owner, repo } = place
  const settings = { apiUrl, token, owner, repo }
  const commits = audited.map(({ life }) => life.added.commit).toReversed()
  try {
    return await openOwnView({ ...settings, commits, ...(options.appId && { appId: options.appId }) })
  } catch (error) {
    const fix =
      'Check --repository, --github-url and the token (classic, with `repo` and `read:org`: fine-grained ones can not read checks); say --app-id NUMBER where several apps write records.'
    throw new Failure(`The evidence of ${owner}/${repo} can't be read: ${reasonOf(error)}.`, fix, {
      cause: error,
    })
  }
}

/** With the credentials of whoever asks; having none is no mistake. */
async function askIam(repositoryId: number): Promise<{ readonly view?: OwnRoles; readonly why?: string }> {
  try {
    return { view: await readOwnView(repositoryId, 'account') }
  } catch (error) {
    return { why: withoutIam(error) }
  }
}

async function verify(
  view: OwnView,
  roles: OwnRoles | undefined,
  { life, rule, changeRules }: Audited,
  { at: now, keyIds }: VerifyOptions,
): Promise<Verified> {
  const { added, changed, path, blobs, receipt } = life
  const unprovable = (why: string): Verified => ({
    outcome: 'unprovable',
    findings: [{ about: 'pull request', outcome: 'unprovable', why }],
  })
  if (receipt.kind === 'found' && receipt.receipt.repositoryId !== view.repositoryId)
    return unprovable('Its receipt is of another repository, or of this one before it was made anew.')
  const evidenceOf = ({ commit }: Step, index: number) =>
    view.evidenceOf(commit, path, { blob: blobs[index] ?? '', mode: '100644' })
  try {
    const [found, ...since] = await Promise.all([added, ...changed].map(evidenceOf))
    if (found === undefined)
      return unprovable(`GitHub does not have commit ${added.commit.slice(0, 7)} (any more).`)
    const role = roleOf(roles, view.repositoryId, life, found, now)
    const findings = compare(
      life,
      { ...found, changes: since.map((one) => one?.evidence), ...(role && { role }) },
      { rule, changeRules, keyIds, now },
    )
    return { outcome: worst(findings), findings }
  } catch (error) {
    return { ...unprovable(`GitHub gave no clear answer: ${reasonOf(error)}.`), unread: true }
  }
}

/**
 * A role beyond its window lets nobody in, whether or not somebody took it away. What it says of itself anybody may have
 * altered: its name alone says whose it is, and the receipt or the record how long it was lent.
 */
function roleOf(
  roles: OwnRoles | undefined,
  repositoryId: number,
  { path, receipt }: Audited['life'],
  { evidence, record }: OwnEvidence,
  now: number,
): Today['role'] {
  const pull = evidence.pull?.number
  if (roles === undefined || pull === undefined) return undefined
  const identity = { repositoryId, path, pull }
  const hash = identityHash(identity)
  const lentUntil = receipt.kind === 'found' ? receipt.receipt.until : parseRecord(record?.text)?.window.end
  for (const reading of roles.roles) {
    const name = reading.kind === 'standing' ? reading.standing.roleName : reading.role.roleName
    if (!name.endsWith(hash)) continue
    if (reading.kind === 'foreign') return reading.role.isEnded ? 'ended' : 'live'
    const { state, window } = reading.standing
    return state.kind === 'live' && now < Math.max(window.end, lentUntil ?? 0) ? 'live' : 'ended'
  }
  const account =
    receipt.kind === 'found' ? receipt.receipt.accountId : roleIn(record?.summary ?? '', identity)?.accountId
  return account === roles.accountId ? 'gone' : undefined
}

/** Only a contradiction is an error; what GitHub gave no answer to has to be asked again. */
export function exitCodeOf({ verified }: Verification): ExitCode {
  if (verified.some(({ outcome }) => outcome === 'contradicted')) return EXIT.no
  return verified.some(({ unread }) => unread) ? EXIT.failed : EXIT.done
}

const WORDS: Readonly<Record<Outcome, string>> = {
  contradicted: 'contradicted',
  unprovable: 'no longer provable',
  unchecked: 'not checked',
  holds: 'holds',
}
const STYLES: Readonly<Record<Outcome, Style>> = {
  contradicted: 'red',
  unprovable: 'yellow',
  unchecked: 'yellow',
  holds: 'green',
}

export function printVerification(
  audited: readonly Audited[],
  { verified, withoutIam }: Verification,
  { line, note, paint }: Output,
): void {
  line()
  line(
    paint(
      'bold',
      `Held against GitHub${withoutIam === undefined ? ' and IAM' : ''}: ${count(verified.length, 'request')}`,
    ),
  )
  for (const outcome of OUTCOMES) {
    const those = verified.filter((one) => one.outcome === outcome)
    if (those.length > 0) line(`  ${paint(STYLES[outcome], WORDS[outcome])} ${those.length}`)
  }
  for (const outcome of OUTCOMES.slice(0, -1)) {
    for (const [index, one] of verified.entries()) {
      if (one.outcome !== outcome) continue
      line()
      const entry = audited[index]?.entry
      line(`${paint(STYLES[outcome], WORDS[outcome])}: ${entry ? named(entry) : ''}`)
      for (const { about, extension, why, outcome: found } of one.findings)
        if (found !== 'holds')
          line(`  ${about}${extension === undefined ? '' : ` of extension #${extension}`}: ${shown(why)}`)
    }
  }
  if (withoutIam !== undefined) note(`note: ${shown(withoutIam)}.`)
}
