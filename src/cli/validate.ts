/** `daypass validate`: what the check would say of requests, rules and CODEOWNERS, before anything is pushed. */
import type { Asked, FileText } from '../core/asked.ts'
import { findTooLate } from '../core/extension.ts'
import { isGuarded, problemsOfGuarded } from '../core/guarded.ts'
import { inWhole, type Parsed, type Problem, refused } from '../core/problem.ts'
import { count, countProblems } from '../core/report-words.ts'
import { isRequestPath, parseLocation, parseRequest, REQUESTS_FOLDER } from '../core/request.ts'
import { RULES_PATH, type Rules } from '../core/rules.ts'
import { nearest, quote } from '../core/text.ts'
import { windowOf } from '../core/window.ts'
import { type AccountOptions, type Accounts, readAccounts } from './accounts.ts'
import { readUnderRules } from './draw.ts'
import { EXIT, type ExitCode, Failure } from './failure.ts'
import { exitCodeOf, type Output, shown } from './output.ts'
import { formatProblem } from './problems.ts'
import {
  type Changes,
  changedOnBase,
  changesSince,
  codeownersInForce,
  filesAt,
  findSources,
  type OnBase,
  readFileText,
  readRulesFrom,
  type Sources,
} from './sources.ts'

export interface ValidateOptions extends AccountOptions {
  readonly base?: string
  readonly rules?: string
  /** Seconds since the epoch. */
  readonly at: number
}

interface Finding {
  readonly path: string
  readonly problems: readonly Problem[]
}

export async function validate(
  paths: readonly string[],
  options: ValidateOptions,
  output: Output,
): Promise<ExitCode> {
  const sources = await findSources(options)
  const changes = paths.length > 0 ? undefined : await changesOrFail(sources)
  const wanted = changes?.written ?? paths.flatMap((path) => filesAt(sources, path))
  const files = [...new Set(wanted)].filter(
    (path) => isRequestPath(path) || isGuarded(path) || meantPath(path) !== undefined,
  )
  const accounts = readAccounts(options)
  const { rules, from } = await readRulesFrom(sources, options.rules)
  const requests = files.filter(isRequestPath)
  const findings: Finding[] = []
  for (const path of files)
    findings.push({ path, problems: await problemsOf(path, sources, rules, accounts, options.at) })
  const remarks = remarksOn({ rules, from, accounts, changes, requests })
  const isFine = findings.every(({ problems }) => problems.length === 0)
  output.json({ ok: isFine, base: sources.base ?? null, rules: from, files: findings, remarks })
  printFindings(findings, output)
  for (const remark of files.length > 0 ? remarks : []) output.note(`note: ${remark}`)
  return exitCodeOf(isFine)
}

async function changesOrFail(sources: Sources): Promise<Changes> {
  const changes = await changesSince(sources)
  if (changes !== undefined) return changes
  throw new Failure(
    "Which files are new can't be worked out here: there is no branch to compare with.",
    'Name the files, or the branch with --base BRANCH.',
    { exitCode: EXIT.usage },
  )
}

/** Where a file would be a request, were its folder not misspelt: nobody is to take silence on it for a yes. */
function meantPath(path: string): string | undefined {
  const [folder = '', ...below] = path.split('/')
  const isNear = folder !== REQUESTS_FOLDER && nearest(folder, [REQUESTS_FOLDER]) !== undefined
  const meant = [REQUESTS_FOLDER, ...below].join('/')
  return isNear && isRequestPath(meant) ? meant : undefined
}

async function problemsOf(
  path: string,
  sources: Sources,
  rules: Parsed<Rules>,
  accounts: Accounts,
  at: number,
): Promise<readonly Problem[]> {
  const meant = meantPath(path)
  if (meant !== undefined) {
    const message = `${quote(path)} is no place for a request.`
    return [inWhole(path, { code: 'path-shape', message, fix: `Did you mean ${quote(meant)}?` })]
  }
  const file = readFileText(sources, path)
  if (isGuarded(path)) {
    return problemsOfGuarded({ rules: file, codeowners: codeownersInForce(sources) }, path)
  }
  if (!rules.ok) return rules.problems
  const before = await changedOnBase(sources, file)
  const asked =
    (before && readExtension(file, before, rules.value, accounts, at)) ??
    readUnderRules(file, rules.value, accounts, at)
  return asked.ok ? [] : asked.problems
}

/**
 * Read as of the start of the window that it is to make longer, as the app does. Undefined where what the base has can't
 * be read.
 */
function readExtension(
  file: FileText,
  before: OnBase,
  rules: Rules,
  accounts: Accounts,
  at: number,
): Parsed<Asked> | undefined {
  const location = parseLocation(file.path)
  const was = location.ok ? parseRequest(location.value, before.text, before.since) : location
  if (!was.ok) return undefined
  const window = windowOf(was.value.request, before.since)
  const tooLate = findTooLate({ window }, at)
  if (tooLate !== undefined) return refused(inWhole(file.path, tooLate))
  return readUnderRules(file, rules, accounts, window.start, was.value.request)
}

/** What was not looked at, so that nobody takes silence for a yes. */
function remarksOn({
  rules,
  from,
  accounts,
  changes,
  requests,
}: {
  readonly rules: Parsed<Rules>
  readonly from: string
  readonly accounts: Accounts
  readonly changes?: Changes
  readonly requests: readonly string[]
}): readonly string[] {
  const others = changes?.written.filter((path) => !isRequestPath(path)) ?? []
  return [
    ...(requests.length > 0 ? [`Requests were held against ${from}.`] : []),
    ...(rules.ok && rules.value.paused
      ? [`${RULES_PATH} says \`paused: true\`: nothing new is granted for now.`]
      : []),
    ...(requests.length > 1 ? ['A pull request may add one request only; open one for each of these.'] : []),
    ...(requests.length > 0 && (others.length > 0 || (changes?.removed.length ?? 0) > 0)
      ? ['A pull request that adds a request may hold nothing else; other files have changed too.']
      : []),
    ...(requests.length > 0 && !accounts.isComplete
      ? [
          'Whether the account is one that this repository was given is known to whoever runs Daypass only (--operator FILE).',
        ]
      : []),
    ...(requests.length > 0
      ? ['Who may approve, and whether the requester opens the pull request, is looked at when it is there.']
      : []),
  ]
}

function printFindings(findings: readonly Finding[], output: Output): void {
  if (findings.length === 0) {
    output.line('Nothing to check: no request, rules or CODEOWNERS among these files.')
    return
  }
  const problems = findings.flatMap((finding) => finding.problems)
  for (const problem of problems) output.line(`${formatProblem(problem, output.paint)}\n`)
  if (problems.length === 0) {
    output.line(
      `${output.paint('green', 'No problems')} in ${findings.map(({ path }) => shown(path)).join(', ')}.`,
    )
    return
  }
  const bad = findings.filter((finding) => finding.problems.length > 0).length
  output.line(
    `${output.paint('red', countProblems(problems))} in ${bad} of ${count(findings.length, 'file')}.`,
  )
}
