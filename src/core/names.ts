/** The names that people write, as GitHub and AWS allow them: what ends up in an ARN or a path is checked here first. */
import { z } from 'zod'
import type { Mistake, ReadingCode } from './problem.ts'
import { finds, inForm } from './shape.ts'
import { quote } from './text.ts'

/** A text field of a fixed form; the pattern goes into the JSON Schema too. */
export function textOf(form: {
  readonly pattern: RegExp
  readonly code: ReadingCode
  /** What it is, after "is not": `a GitHub login`. */
  readonly what: string
  readonly fix: string
  readonly description: string
  readonly example: string
  /** Whether `{login}` may stand in it for a GitHub login. */
  readonly isTemplate?: boolean
}) {
  const { pattern, code, what, fix, description, example, isTemplate = false } = form
  return z
    .string()
    .check(
      finds(function* (text): Iterable<Mistake> {
        const filled = isTemplate ? text.replaceAll(LOGIN_PLACEHOLDER, SHORT_LOGIN) : text
        if (!pattern.test(filled)) yield { code, message: `${quote(text)} is not ${what}.`, fix }
      }),
    )
    .meta({ description, examples: [example], ...(!isTemplate && inForm(pattern, fix)) })
}

export const LOGIN_PLACEHOLDER = '{login}'
/** A template is right where it is for one of the shortest logins; sessions have names of two characters at least. */
const SHORT_LOGIN = 'xx'

/** Old logins may hold two hyphens or end in one; those of managed users end in `_` and a short code. */
const LOGIN = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}(?:_[A-Za-z0-9]{2,8})?$/
export const ACCOUNT_ALIAS = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/

export const loginField = (description: string) =>
  textOf({
    pattern: LOGIN,
    code: 'login',
    what: 'a GitHub login',
    fix: 'Write the login as in github.com/LOGIN, without `@`.',
    description,
    example: 'alice',
  })

export const accountField = (description: string) =>
  textOf({
    pattern: ACCOUNT_ALIAS,
    code: 'account-alias',
    what: "an account's alias",
    fix: 'Write the alias from the operator file: lower-case letters, digits and hyphens, at most 32.',
    description,
    example: 'prod',
  })

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
const RESERVED_STARTS = ['xn--', 'sthree-', 'amzn-s3-demo-']
const RESERVED_ENDS = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3']

/** Access points, directory buckets and the like authorise differently from buckets: their names are refused too. */
export function bucketMistake(name: string): Mistake | undefined {
  const refuse = (why: string, fix: string): Mistake => ({
    code: 'bucket-name',
    message: `${quote(name)} is not a bucket's name: ${why}.`,
    fix,
  })
  if (!BUCKET.test(name)) {
    const why =
      'it has 3 to 63 lower-case letters, digits, dots and hyphens, with a letter or digit at each end'
    return refuse(why, 'Write the name as the S3 console shows it.')
  }
  if (name.includes('..'))
    return refuse('two dots follow each other', 'Write the name as the S3 console shows it.')
  if (IPV4.test(name)) return refuse('it is an IP address', 'Write the name as the S3 console shows it.')
  const reserved =
    RESERVED_STARTS.find((start) => name.startsWith(start)) ?? RESERVED_ENDS.find((end) => name.endsWith(end))
  if (!reserved) return undefined
  return refuse(
    `AWS keeps ${quote(reserved)} for other things`,
    'Name the bucket itself, not an access point or alias of it.',
  )
}
