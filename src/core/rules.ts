/** The rules of one repository, `.github/daypass.yml`: which buckets may be lent, for how long, and to whom in AWS. */
import type { z } from 'zod'
import type { Account, Principal } from './account.ts'
import { bucketMatches } from './bucket-pattern.ts'
import { type Mistake, outcome, type Parsed, type Problem } from './problem.ts'
import type { LocatedRequest, RequestField, RequestLocation } from './request.ts'
import { fillIn, type Person, principalOf, type Template } from './requester.ts'
import { type FallbackSchema, RulesSchema } from './rules-schema.ts'
import { readShape } from './shape.ts'
import { alternatives, nearest, quote } from './text.ts'
import { formatDuration } from './window.ts'
import { readYaml } from './yaml.ts'

export const RULES_PATH = '.github/daypass.yml'
const MAX_RULES_BYTES = 256 * 1024

export interface Rules {
  /** Nothing new is granted. */
  readonly paused: boolean
  /** The first that matches counts. */
  readonly buckets: readonly BucketRule[]
  /** By login in lower case. */
  readonly people: ReadonlyMap<string, Person>
  /** For everyone who is not listed. */
  readonly template?: Template
  /** How long before its end people are reminded of an access, in seconds; undefined: never. */
  readonly remindBefore?: number
  /** How long a request may wait for an answer until it is closed, in seconds; undefined: for ever. */
  readonly closeAfter?: number
}

interface BucketRule {
  readonly account: string
  /** A name, or a pattern with `*`. */
  readonly bucket: string
  /** Seconds. */
  readonly longestWindow: number
  readonly wholeBucket: 'allowed' | 'refused'
  readonly ticket: 'optional' | 'required'
  readonly approvalsNeeded: number
  readonly mergeBy: 'owners' | 'anyone'
  readonly kmsKey?: string
  readonly fallback?: FallbackRule
}

/** Who stands in for owners that do not answer. */
export interface FallbackRule {
  /** As CODEOWNERS would name them. */
  readonly named: readonly string[]
  /** Seconds. */
  readonly after: number
  /** Whether they count as owners then, or are only asked. */
  readonly counts: boolean
}

export function parseRules(source: string): Parsed<Rules> {
  const yaml = readYaml(RULES_PATH, source, { maxBytes: MAX_RULES_BYTES })
  if (!yaml.ok) return yaml
  const shape = readShape(RulesSchema, yaml.value)
  return shape.ok ? { ok: true, value: rulesOf(shape.value) } : shape
}

function rulesOf(rules: z.output<typeof RulesSchema>): Rules {
  const { paused, buckets, people, template, remind_before, close_after } = rules
  return {
    paused,
    buckets: buckets.map((rule) => ({
      account: rule.account,
      bucket: rule.bucket,
      longestWindow: rule.max_duration,
      wholeBucket: rule.whole_bucket,
      ticket: rule.ticket,
      approvalsNeeded: rule.approvals,
      mergeBy: rule.merge,
      ...(rule.kms_key !== undefined && { kmsKey: rule.kms_key }),
      ...(rule.fallback && { fallback: fallbackOf(rule.fallback) }),
    })),
    people: new Map(Object.entries(people).map(([login, person]) => [login.toLowerCase(), person])),
    ...(template && { template }),
    ...(remind_before !== undefined && { remindBefore: remind_before }),
    ...(close_after !== undefined && { closeAfter: close_after }),
  }
}

function fallbackOf({ owners, after, approve }: z.output<typeof FallbackSchema>): FallbackRule {
  return { named: owners, after, counts: approve === 'allowed' }
}

/** What the rules make of one valid request. */
export interface Terms {
  readonly principal: Principal
  /** Seconds. */
  readonly longestWindow: number
  readonly approvalsNeeded: number
  readonly mergeBy: 'owners' | 'anyone'
  /** ARN of the key that encrypts the bucket. */
  readonly kmsKey?: string
  readonly fallback?: FallbackRule
}

type Accounts = ReadonlyMap<string, Account>
/** A mistake, and the field of the request where it is told; where there is none, the file's first line. */
type FieldMistake = Mistake & { readonly field?: RequestField }

/** Says nothing of `paused`, which is no mistake of the request: see `pausedProblem`. */
export function applyRules(
  located: LocatedRequest,
  location: RequestLocation,
  rules: Rules,
  accounts: Accounts,
): Parsed<Terms> {
  const account = accounts.get(location.account)
  const rule = ruleFor(rules, location)
  const found = findPrincipal(located.request.requester, location, rules, accounts)
  const mistakes = [
    ...(account ? [] : [unknownAccount(location, accounts)]),
    ...(rule ? mistakesUnder(rule, located, account) : [notLendable(location)]),
    ...('mistake' in found ? [found.mistake] : []),
  ]
  return outcome(
    mistakes.map((mistake) => problemAt(mistake, located, location)),
    () => {
      if (!rule || !('principal' in found)) throw new Error('no mistake was found, and no terms either')
      const { longestWindow, approvalsNeeded, mergeBy, kmsKey, fallback } = rule
      return {
        principal: found.principal,
        longestWindow,
        approvalsNeeded,
        mergeBy,
        ...(kmsKey && { kmsKey }),
        ...(fallback && { fallback }),
      }
    },
  )
}

/** The entry that counts for a bucket. */
export function ruleFor(
  { buckets }: Rules,
  { account, bucket: name }: Pick<RequestLocation, 'account' | 'bucket'>,
): BucketRule | undefined {
  return buckets.find(({ account: alias, bucket }) => alias === account && bucketMatches(bucket, name))
}

/** Nothing is wrong with the request, but nothing new is granted for now. */
export function pausedProblem(
  rules: Rules,
  located: LocatedRequest,
  location: RequestLocation,
): Problem | undefined {
  if (!rules.paused) return undefined
  const message = `Nothing new is granted for now: ${quote(RULES_PATH)} says \`paused: true\`.`
  const fix = 'Wait until the owners of the rules take it out; the request itself needs no change.'
  return problemAt({ code: 'paused', message, fix }, located, location)
}

function problemAt(
  { field, ...mistake }: FieldMistake,
  located: LocatedRequest,
  location: RequestLocation,
): Problem {
  const position = field ? located.at(field) : { line: 1, column: 1 }
  return { file: location.path, ...position, ...mistake }
}

function mistakesUnder(
  rule: BucketRule,
  { request }: LocatedRequest,
  account: Account | undefined,
): FieldMistake[] {
  const mistakes: FieldMistake[] = []
  if (request.durationSeconds > rule.longestWindow) {
    const longest = formatDuration(rule.longestWindow)
    const message = `The window of ${formatDuration(request.durationSeconds)} is longer than ${longest}, the rules' limit for this bucket.`
    mistakes.push({
      code: 'window-too-long',
      field: 'duration',
      message,
      fix: `Ask for ${quote(longest)} at most.`,
    })
  }
  if (request.prefixes.length === 0 && rule.wholeBucket === 'refused') {
    const message = 'The rules do not lend this bucket as a whole.'
    const fix = 'Say which folders or objects you need, such as `prefixes: [exports/2026/11/]`.'
    mistakes.push({ code: 'prefixes-needed', field: 'prefixes', message, fix })
  }
  if (request.ticket === undefined && rule.ticket === 'required') {
    const message = 'The rules ask for a ticket for this bucket.'
    mistakes.push({
      code: 'ticket-needed',
      field: 'ticket',
      message,
      fix: 'Add one, such as `ticket: INC-4211`.',
    })
  }
  if (rule.kmsKey && account && !belongsTo(rule.kmsKey, account)) {
    const message = `The rules' KMS key for this bucket is not one of ${quote(account.alias)} in ${account.region}.`
    mistakes.push({
      code: 'kms-key-elsewhere',
      message,
      fix: `Ask the owners of ${quote(RULES_PATH)} to mend it.`,
    })
  }
  return mistakes
}

function belongsTo(kmsKey: string, { partition, region, id }: Account): boolean {
  return kmsKey.startsWith(`arn:${partition}:kms:${region}:${id}:key/`)
}

function unknownAccount({ account }: RequestLocation, accounts: Accounts): FieldMistake {
  const known = [...accounts.keys()]
  const meant = nearest(account, known)
  const message = `${quote(account)} is no account that this repository was given.`
  if (meant) return { code: 'account-unknown', message, fix: `Did you mean the folder ${quote(meant)}?` }
  const fix =
    known.length > 0 ? `Move the file below ${alternatives(known)}.` : 'Ask whoever runs Daypass for one.'
  return { code: 'account-unknown', message, fix }
}

function notLendable({ account, bucket }: RequestLocation): FieldMistake {
  const message = `The rules lend no bucket ${quote(bucket)} in ${quote(account)}.`
  const fix = `Check the folder's name, or ask the owners of ${quote(RULES_PATH)} to add the bucket.`
  return { code: 'bucket-not-lendable', message, fix }
}

function findPrincipal(
  requester: string,
  location: RequestLocation,
  rules: Rules,
  accounts: Accounts,
): { principal: Principal } | { mistake: FieldMistake } | Record<never, never> {
  const login = requester.toLowerCase()
  const person = rules.people.get(login) ?? (rules.template && fillIn(rules.template, login))
  if (!person) {
    const message = `The rules do not say who ${quote(requester)} is in AWS.`
    const fix = `Ask the owners of ${quote(RULES_PATH)} to list you under \`people\`.`
    return { mistake: { code: 'person-unknown', field: 'requester', message, fix } }
  }
  const account = accounts.get(person.account ?? location.account)
  if (account) return { principal: principalOf(person, account) }
  return person.account === undefined ? {} : { mistake: unknownHome(requester, person.account) }
}

function unknownHome(requester: string, account: string): FieldMistake {
  const message = `The rules say that ${quote(requester)} is in ${quote(account)}, which is no account that this repository was given.`
  const fix = `Ask the owners of ${quote(RULES_PATH)} to mend it.`
  return { code: 'person-account-unknown', field: 'requester', message, fix }
}
