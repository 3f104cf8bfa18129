/** The AWS accounts behind the aliases, as far as whoever asks knows them: by the operator file, by flags, or by what the rules give away. */
import { readFileSync } from 'node:fs'
import type { Account } from '../core/account.ts'
import type { RequestLocation } from '../core/request.ts'
import { type Rules, ruleFor } from '../core/rules.ts'
import { parseOperatorFile } from '../operator-file.ts'
import { EXIT, Failure, reasonOf } from './failure.ts'
import { formatProblem } from './problems.ts'

export interface AccountOptions {
  /** The operator file, where somebody has it. */
  readonly operator?: string
  /** `prod=111122223333,eu-central-1` */
  readonly awsAccount: readonly string[]
  /** `acme/access`; which entry of the operator file counts. */
  readonly repository?: string
}

export interface Accounts {
  readonly byAlias: ReadonlyMap<string, Account>
  readonly repositoryId?: number
  /** Whether the operator's own word was read, and not only what follows from the rules. */
  readonly isComplete: boolean
}

/** Stand where only the operator's file knows better; no real id or region looks like them. */
export const PLACEHOLDERS = { id: 'ACCOUNT_ID', region: 'REGION', boundary: 'DaypassBoundary' } as const

export function readAccounts({ operator, awsAccount, repository }: AccountOptions): Accounts {
  const given = new Map(awsAccount.map(parseAccount).map((entry) => [entry.alias, entry]))
  if (operator === undefined) return { byAlias: given, isComplete: false }
  const entries = [...readOperator(operator).values()]
  const found = repository === undefined ? entries : entries.filter(({ name }) => name === repository)
  const [entry, ...others] = found
  if (entry === undefined || others.length > 0) {
    const names = entries.map(({ name }) => name).join(', ')
    throw new Failure(
      `${operator} has ${entry ? 'more than one repository' : `no repository ${repository}`}: ${names}.`,
      'Say which with --repository OWNER/NAME.',
      { exitCode: EXIT.usage },
    )
  }
  return { byAlias: new Map([...entry.accounts, ...given]), repositoryId: entry.id, isComplete: true }
}

export function readOperator(file: string) {
  const parsed = parseOperatorFile(file, readText(file))
  if (parsed.ok) return parsed.value
  throw new Failure(
    `${file} has mistakes:\n${parsed.problems.map((problem) => formatProblem(problem)).join('\n')}`,
    'Mend them; docs/reference.md has every field.',
  )
}

export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure(
      `${file} can't be read: ${reasonOf(error)}.`,
      'Check the name, and that it may be read.',
    )
  }
}

function parseAccount(text: string): Account {
  const [, alias, id, region] = /^([a-z0-9-]+)=(\d{12}),([a-z]{2}(?:-[a-z]+)+-\d{1,2})$/.exec(text) ?? []
  if (alias === undefined || id === undefined || region === undefined) {
    throw new Failure(
      `--aws-account ${text} is not understood.`,
      'Write --aws-account prod=111122223333,eu-central-1.',
      {
        exitCode: EXIT.usage,
      },
    )
  }
  return accountOf(alias, id, region)
}

function accountOf(alias: string, id: string, region: string): Account {
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
  const boundary = `arn:${partition}:iam::${id}:policy/${PLACEHOLDERS.boundary}`
  return { alias, id, partition, region, role: '', boundary }
}

/**
 * The accounts that a request under these rules speaks of. Whichever is not known stands as the KMS key of the bucket
 * names it, or with placeholders, so that everything else can be looked at all the same.
 */
export function accountsFor(
  known: Accounts,
  rules: Rules,
  location: Pick<RequestLocation, 'account' | 'bucket'>,
): ReadonlyMap<string, Account> {
  if (known.isComplete) return known.byAlias
  const people = [...rules.people.values(), ...(rules.template ? [rules.template] : [])]
  const aliases = new Set([location.account, ...people.flatMap(({ account }) => account ?? [])])
  return new Map([
    ...[...aliases].map((alias) => [alias, guess(alias, rules, location)] as const),
    ...known.byAlias,
  ])
}

function guess(alias: string, rules: Rules, location: Pick<RequestLocation, 'account' | 'bucket'>): Account {
  const own = alias === location.account ? ruleFor(rules, location)?.kmsKey : undefined
  const key =
    own ?? rules.buckets.find(({ account, kmsKey }) => account === alias && kmsKey !== undefined)?.kmsKey
  const [, , , region = PLACEHOLDERS.region, id = PLACEHOLDERS.id] = key?.split(':') ?? []
  return accountOf(alias, id, region)
}

/** Whether anything made from these accounts holds words that stand for something unknown. */
export function placeholdersIn(text: string): readonly string[] {
  return [PLACEHOLDERS.id, PLACEHOLDERS.region].filter((word) => text.includes(word))
}
