/** What a request says: taken from flags, worked out from the rules, and asked for only where neither tells. */
import { dump } from 'js-yaml'
import { parseLocation, REQUESTS_FOLDER } from '../core/request.ts'
import { type Rules, ruleFor } from '../core/rules.ts'
import { formatDuration, parseDuration } from '../core/window.ts'
import type { Ask } from './ask.ts'
import { EXIT, Failure } from './failure.ts'
import { partsOf } from './flags.ts'

export interface RequestFlags {
  readonly bucket?: string
  readonly account?: string
  readonly prefix: readonly string[]
  readonly wholeBucket?: true
  readonly access?: string
  readonly reason?: string
  readonly ticket?: string
  readonly duration?: string
  readonly start?: string
  readonly name?: string
}

export interface Answers {
  readonly path: string
  readonly name: string
  readonly account: string
  readonly bucket: string
  readonly text: string
}

type BucketRule = NonNullable<ReturnType<typeof ruleFor>>

/** `isTaken`: whether a path is on the branch already. Throws `Failure` with every flag that is missing. */
export async function answer(
  flags: RequestFlags,
  login: string,
  rules: Rules,
  ask: Ask | undefined,
  isTaken: (path: string) => Promise<boolean>,
): Promise<Answers> {
  const need = needing(ask)
  const named = readBucket(await need('--bucket', flags.bucket, 'Which bucket?', anything), flags)
  const { bucket } = named
  const account = named.account ?? (await accountFor(bucket, rules, need))
  const rule = ruleFor(rules, { account, bucket })
  const prefixes = flags.wholeBucket ? [] : await prefixesFor(named, rule, need)
  const reason = await need('--reason', flags.reason, 'What do you need the data for?', anything)
  const ticket =
    flags.ticket ??
    (rule?.ticket === 'required' ? await need('--ticket', undefined, 'Which ticket?', anything) : undefined)
  const limit = rule ? `, ${formatDuration(rule.longestWindow)} at most` : ''
  const duration = await need('--duration', flags.duration, `For how long (such as 4h${limit})?`, aDuration)
  need.check()
  const folder = `${REQUESTS_FOLDER}/${account}/${bucket}`
  const name = flags.name ?? (await freeName(folder, login, ticket ?? reason, isTaken))
  return {
    path: `${folder}/${name}.yaml`,
    name,
    account,
    bucket,
    text: requestText({
      requester: login,
      reason,
      ticket,
      access: flags.access,
      prefixes: prefixes.length > 0 ? prefixes : undefined,
      duration,
      start: flags.start,
    }),
  }
}

/** A bucket as people write it: its name, `ACCOUNT/BUCKET` as the rules have it, or an address as of the AWS CLI. */
export interface NamedBucket {
  readonly bucket: string
  readonly account?: string
  readonly prefix: readonly string[]
}

/** Throws `Failure` where the flags beside it say something else. */
export function readBucket(
  text: string,
  { account, prefix = [], wholeBucket }: Partial<Pick<RequestFlags, 'account' | 'prefix' | 'wholeBucket'>>,
): NamedBucket {
  const [, bucket = '', below = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(text) ?? []
  if (bucket !== '') {
    if (below !== '' && wholeBucket)
      throw new Failure(`${text} is a part of the bucket, and not the whole.`, 'Leave out one of both.', {
        exitCode: EXIT.usage,
      })
    const parts = below === '' ? prefix : [below, ...prefix]
    return { bucket, prefix: parts, ...(account !== undefined && { account }) }
  }
  const [, alias = account, name = text] = /^([^/]+)\/([^/]+)$/.exec(text) ?? []
  if (account !== undefined && alias !== account)
    throw new Failure(`${text} is not in ${account}.`, 'Leave out --account, or say the same there.', {
      exitCode: EXIT.usage,
    })
  return { bucket: name, prefix, ...(alias !== undefined && { account: alias }) }
}

type Check = (text: string) => string | undefined
const anything: Check = (text) => (text === '' ? 'Please say it.' : undefined)
const aDuration: Check = (text) =>
  parseDuration(text) === undefined ? 'Write it as 30m, 4h or 1d12h.' : undefined

interface Need {
  (flag: string, given: string | undefined, question: string, check: Check): Promise<string>
  /** Throws where a flag is missing and there is nobody to ask; all of them at once. */
  check(): void
}

function needing(ask: Ask | undefined): Need {
  const missing: string[] = []
  const need = async (flag: string, given: string | undefined, question: string, check: Check) => {
    if (given !== undefined) return given
    if (ask !== undefined) return ask.text(question, check)
    missing.push(flag)
    return ''
  }
  return Object.assign(need, {
    check() {
      if (missing.length === 0) return
      throw new Failure(`Missing: ${missing.join(', ')}.`, 'Add them; without a terminal nothing is asked.', {
        exitCode: EXIT.usage,
      })
    },
  })
}

/** Most buckets are in one account only. */
async function accountFor(bucket: string, rules: Rules, need: Need): Promise<string> {
  const lending = accountsLending(rules, bucket)
  const [only = '', ...others] = lending
  if (only !== '' && others.length === 0) return only
  if (lending.length === 0 && bucket !== '') throw notLent(rules, bucket)
  const isOne: Check = (text) => (lending.includes(text) ? undefined : `One of: ${lending.join(', ')}.`)
  return need('--account', bucket === '' ? '' : undefined, `In which account (${lending.join(', ')})?`, isOne)
}

/** The aliases under which the rules lend a bucket of that name. */
export function accountsLending(rules: Rules, bucket: string, account?: string): readonly string[] {
  const aliases = account === undefined ? rules.buckets.map((rule) => rule.account) : [account]
  return [...new Set(aliases)].filter((alias) => ruleFor(rules, { account: alias, bucket }) !== undefined)
}

export function notLent({ buckets }: Rules, bucket: string, account?: string): Failure {
  const lent = buckets.map((rule) => `${rule.account}/${rule.bucket}`).join(', ')
  const where = account === undefined ? '' : ` in ${account}`
  return new Failure(
    `The rules lend no bucket ${bucket}${where}.`,
    lent === '' ? 'They lend none.' : `They lend: ${lent}.`,
    { exitCode: EXIT.no },
  )
}

async function prefixesFor(
  { prefix }: NamedBucket,
  rule: BucketRule | undefined,
  need: Need,
): Promise<readonly string[]> {
  if (prefix.length > 0) return prefix
  const isWholeAllowed = rule?.wholeBucket === 'allowed'
  const question = `Which folders (ending in /) or objects, between commas${isWholeAllowed ? ' (nothing: the whole bucket)' : ''}?`
  const flag = isWholeAllowed ? '--prefix or --whole-bucket' : '--prefix'
  return partsOf(await need(flag, undefined, question, isWholeAllowed ? () => undefined : anything))
}

const LONGEST_NAME = 63

/** `alice-inc-4211`, and with a number where that is taken. */
async function freeName(
  folder: string,
  login: string,
  about: string,
  isTaken: (path: string) => Promise<boolean>,
): Promise<string> {
  const words = `${login}-${about}`.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  const short = words.slice(0, 40).replace(/^-+|-+$/g, '') || 'request'
  for (let n = 1; n <= 100; n++) {
    const name = (n === 1 ? short : `${short}-${n}`).slice(0, LONGEST_NAME)
    if (!(await isTaken(`${folder}/${name}.yaml`))) return name
  }
  throw new Failure(`There are a hundred requests named ${short} already.`, 'Choose a name with --name.')
}

/** Fields in the order in which people read them. */
function requestText(fields: Readonly<Record<string, unknown>>): string {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined)
  return dump(Object.fromEntries(present), { lineWidth: -1, noRefs: true, flowLevel: 1 })
}

/** Throws `Failure` where a name or bucket given by flag makes no path for a request. */
export function checkPath(path: string): void {
  const location = parseLocation(path)
  if (location.ok) return
  const [{ message, fix }] = location.problems
  throw new Failure(message, fix, { exitCode: EXIT.usage })
}
