/** `daypass policy`: the very documents that IAM would be given for a request, by the same code that grants. */
import type { Asked } from '../core/asked.ts'
import { formatPolicy, type Grant } from '../core/grant.ts'
import { utc } from '../core/report-words.ts'
import { formatInstant } from '../core/window.ts'
import { type AccountOptions, placeholdersIn, readAccounts } from './accounts.ts'
import { drawGrant, readUnderRules } from './draw.ts'
import { explainGrant } from './explain.ts'
import { EXIT, type ExitCode } from './failure.ts'
import type { Output } from './output.ts'
import { formatProblem } from './problems.ts'
import { findSources, readFileText, readRulesFrom, repositoryPath } from './sources.ts'

export interface PolicyOptions extends AccountOptions {
  readonly base?: string
  readonly rules?: string
  readonly explain?: true
  /** The merge, in seconds since the epoch. */
  readonly at: number
  readonly pull?: number
  readonly repositoryId?: number
}

export async function policy(file: string, options: PolicyOptions, output: Output): Promise<ExitCode> {
  const sources = await findSources(options)
  const known = readAccounts(options)
  const { rules } = await readRulesFrom(sources, options.rules)
  const text = readFileText(sources, repositoryPath(sources, file))
  const asked = rules.ok ? readUnderRules(text, rules.value, known, options.at) : rules
  if (!asked.ok) {
    output.json({ ok: false, problems: asked.problems })
    for (const problem of asked.problems) output.line(`${formatProblem(problem, output.paint)}\n`)
    return EXIT.no
  }
  const repositoryId = options.repositoryId ?? known.repositoryId
  const { pull } = options
  const identity = repositoryId !== undefined && pull !== undefined ? { repositoryId, pull } : undefined
  const grant = drawGrant(asked.value, options.at, identity)
  output.json(documentOf(grant, identity !== undefined))
  printGrant(grant, asked.value, output, {
    explain: options.explain === true,
    isNamed: identity !== undefined,
  })
  return EXIT.done
}

function documentOf(grant: Grant, isNamed: boolean): object {
  const { trustPolicy, permissionPolicy, window, boundary, tags, maxSessionSeconds } = grant
  return {
    ok: true,
    window: { start: formatInstant(window.start), end: formatInstant(window.end) },
    trustPolicy,
    permissionPolicy,
    ...(isNamed && { role: { arn: grant.roleArn, boundary, tags, maxSessionSeconds } }),
    placeholders: placeholdersIn(JSON.stringify([trustPolicy, permissionPolicy])),
  }
}

/** What the check shows of a grant, on a terminal. */
export function printGrant(
  grant: Grant,
  asked: Asked,
  output: Output,
  { explain, isNamed }: { readonly explain: boolean; readonly isNamed: boolean },
): void {
  const { paint } = output
  const { start, end } = grant.window
  if (explain) {
    for (const line of explainGrant(grant, asked)) output.line(line)
    output.line()
  }
  output.line(paint('bold', 'Trust policy: who is let in, and when'))
  output.line(formatPolicy(grant.trustPolicy))
  output.line()
  output.line(paint('bold', 'Permission policy: what they can do'))
  output.line(formatPolicy(grant.permissionPolicy))
  if (isNamed)
    output.line(`\n${paint('bold', 'Role')} ${grant.roleArn}\n${paint('bold', 'Boundary')} ${grant.boundary}`)
  const startsAtMerge = asked.request.start === undefined || asked.request.start < start
  if (startsAtMerge)
    output.note(
      `note: The window is drawn from ${utc(start)} until ${utc(end)}, as if merged then; the merge moves it.`,
    )
  for (const word of placeholdersIn(formatPolicy(grant.trustPolicy) + formatPolicy(grant.permissionPolicy)))
    output.note(
      `note: ${word} stands for what only whoever runs Daypass knows: --operator FILE, or --aws-account ALIAS=ID,REGION.`,
    )
}
