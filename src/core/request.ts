/** A request: one YAML file that asks for read access to one bucket; read, checked, every problem named at once. */
import { z } from 'zod'
import { ACCOUNT_ALIAS, bucketMistake, loginField, textOf } from './names.ts'
import { prefixesField } from './prefixes.ts'
import type { Mistake, Parsed, Position, Problem } from './problem.ts'
import { outcome, refused } from './problem.ts'
import { finds, inForm, readShape } from './shape.ts'
import { quote } from './text.ts'
import { durationField, instantField, LONGEST_DURATION } from './time-fields.ts'
import { DAY, formatDuration, formatInstant } from './window.ts'
import { readYaml, type YamlPath } from './yaml.ts'

/** Where a request lies; the path names the account and the bucket, so that CODEOWNERS decides who may approve. */
export interface RequestLocation {
  /** `access-requests/<account>/<bucket>/<name>.yaml` */
  readonly path: string
  readonly account: string
  readonly bucket: string
  readonly name: string
}

export interface AccessRequest {
  /** GitHub login. */
  readonly requester: string
  readonly reason: string
  readonly ticket?: string
  /** `read`: list and get; `list`: names only. */
  readonly access: 'read' | 'list'
  /** Empty: the whole bucket. Otherwise folders (ending in `/`, with all below them) and keys of single objects. */
  readonly prefixes: readonly string[]
  readonly durationSeconds: number
  /** Seconds since the epoch; missing: the merge. */
  readonly start?: number
}

export type RequestField = keyof z.input<typeof RequestSchema>

/** A request that knows where its fields stand, for problems that are found later. */
export interface LocatedRequest {
  readonly request: AccessRequest
  /** Where a field's value stands; a field left out: where the file begins. */
  at(field: RequestField, ...inner: YamlPath): Position
}

/** Every request lies below this folder. */
export const REQUESTS_FOLDER = 'access-requests'

/** Everything below the folder is taken for a request, except what people put there for themselves. */
export function isRequestPath(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const isForPeople = name.endsWith('.md') || name === 'CODEOWNERS' || name.startsWith('.')
  return path.startsWith(`${REQUESTS_FOLDER}/`) && !isForPeople
}

const MAX_REQUEST_BYTES = 16 * 1024
const MAX_PATH = 200
const REASON = {
  min: 10,
  max: 500,
  fix: 'Say in 10 to 500 characters what you need the data for: the owners decide by it.',
  /** Both of what is below, for editors. */
  form: /^\s*\S[^\n\r]{8,498}\S\s*$/u,
}
const FARTHEST_START = 30 * DAY

function* reasonMistakes(reason: string): Iterable<Mistake> {
  if (/[\n\r]/.test(reason)) {
    const fix = 'Write it on one line, or fold it with `>-` and no blank line in it.'
    yield { code: 'reason-paragraph', message: '`reason` has more than one paragraph.', fix }
  }
  const length = Array.from(reason).length
  if (length < REASON.min || length > REASON.max) {
    yield { code: 'reason-length', message: `\`reason\` has ${length} characters.`, fix: REASON.fix }
  }
}

export const RequestSchema = z
  .strictObject({
    requester: loginField("GitHub login of the person who gets access; must be the pull request's author."),
    reason: z
      .string()
      .trim()
      .check(finds(reasonMistakes))
      .meta({
        description: 'What the data is needed for: one paragraph of 10 to 500 characters.',
        examples: ['Find the corrupt rows behind INC-4211'],
        ...inForm(REASON.form, REASON.fix),
      }),
    ticket: textOf({
      pattern: /^[A-Za-z0-9][A-Za-z0-9._:/+@=-]{0,63}$/,
      code: 'ticket',
      what: "a ticket's name",
      fix: 'Write its key, such as `INC-4211`: letters, digits and `._:/+@=-`, at most 64.',
      description: 'The ticket behind it; optional, or required by the rules.',
      example: 'INC-4211',
    }).optional(),
    access: z
      .enum(['read', 'list'])
      .default('read')
      .meta({
        description: '`read`: list and get, the default. `list`: names only.',
        examples: ['read'],
      }),
    prefixes: prefixesField.optional(),
    duration: durationField('How long access lasts, at most 30 days; the rules may allow less.', '4h'),
    start: instantField(
      'When access begins, at most 30 days ahead; if left out, or earlier than the merge: at the merge.',
    ).optional(),
  })
  .meta({ title: 'Daypass access request' })

/** Reads what a path says. GitHub's paths are bytes: anything but plain ASCII is refused before it is looked at. */
export function parseLocation(path: string): Parsed<RequestLocation> {
  const problems = locationMistakes(path).map(
    (mistake): Problem => ({ file: path, line: 1, column: 1, ...mistake }),
  )
  return outcome(problems, () => {
    const [, account = '', bucket = '', file = ''] = path.split('/')
    return { path, account, bucket, name: file.slice(0, -EXTENSION.length) }
  })
}

const EXTENSION = '.yaml'
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/
const PATH_FIX = 'Move the file to `access-requests/ACCOUNT/BUCKET/NAME.yaml`.'

function locationMistakes(path: string): Mistake[] {
  if (path.length > MAX_PATH) {
    return [
      { code: 'path-too-long', message: `The path has more than ${MAX_PATH} characters.`, fix: PATH_FIX },
    ]
  }
  if (!/^[\x21-\x7e]+$/.test(path)) {
    const fix = 'Use lower-case letters, digits and hyphens.'
    return [
      { code: 'path-characters', message: 'The path has spaces, or characters other than plain ASCII.', fix },
    ]
  }
  const [root, account = '', bucket = '', file, ...deeper] = path.split('/')
  if (root !== REQUESTS_FOLDER || file === undefined || deeper.length > 0) {
    return [{ code: 'path-shape', message: `${quote(path)} is no place for a request.`, fix: PATH_FIX }]
  }
  return [accountMistake(account), bucketMistake(bucket), fileMistake(file)].filter(
    (mistake) => mistake !== undefined,
  )
}

function accountMistake(account: string): Mistake | undefined {
  if (ACCOUNT_ALIAS.test(account)) return undefined
  const fix =
    'Name the folder as the rules name the account: lower-case letters, digits and hyphens, at most 32.'
  return { code: 'account-alias', message: `${quote(account)} is not an account's alias.`, fix }
}

function fileMistake(file: string): Mistake | undefined {
  if (!file.endsWith(EXTENSION)) {
    return {
      code: 'path-extension',
      message: `${quote(file)} does not end in \`.yaml\`.`,
      fix: 'Rename the file.',
    }
  }
  if (NAME.test(file.slice(0, -EXTENSION.length))) return undefined
  const fix =
    'Rename the file: lower-case letters, digits and hyphens, at most 63, such as `alice-inc-4211.yaml`.'
  return { code: 'request-name', message: `${quote(file)} is not a request's name.`, fix }
}

/**
 * Reads a request. `now` (seconds since the epoch) is the present while the pull request is open, and the time of the
 * merge from then on: so the same bytes are judged the same whenever they are read.
 */
export function parseRequest(location: RequestLocation, source: string, now: number): Parsed<LocatedRequest> {
  const yaml = readYaml(location.path, source, { maxBytes: MAX_REQUEST_BYTES })
  if (!yaml.ok) return yaml
  const shape = readShape(RequestSchema, yaml.value)
  const at = (...path: YamlPath) => yaml.value.locate(path)
  const contradictions = [...startMistakes(yaml.value.value, now), ...listMistakes(yaml.value.value)].map(
    ({ path, ...mistake }): Problem => ({ file: location.path, ...at(...path), ...mistake }),
  )
  if (!shape.ok) return refused(...shape.problems, ...contradictions)
  return outcome(contradictions, () => ({ request: requestOf(shape.value), at }))
}

type Contradiction = Mistake & { readonly path: YamlPath }

/** Read apart from the rest, so that a mistake elsewhere does not hide one in the times. */
const Times = z.object({
  start: RequestSchema.shape.start,
  duration: RequestSchema.shape.duration.catch(LONGEST_DURATION),
})

function startMistakes(value: unknown, now: number): Contradiction[] {
  const times = Times.safeParse(value)
  if (!times.success || times.data.start === undefined) return []
  const { start, duration } = times.data
  if (start > now + FARTHEST_START) {
    const message = `\`start\` is more than ${formatDuration(FARTHEST_START)} ahead.`
    const fix = `Write ${formatInstant(now + FARTHEST_START)} at the latest.`
    return [{ code: 'start-too-far', path: ['start'], message, fix }]
  }
  if (start + duration > now) return []
  const message = `The window was over at ${formatInstant(start + duration)}.`
  const fix = 'Write a later `start`, or leave it out to begin at the merge.'
  return [{ code: 'window-over', path: ['start'], message, fix }]
}

const Listing = z.object({ access: z.literal('list'), prefixes: z.array(z.unknown()) })

/** Below a single object there is nothing to list. */
function listMistakes(value: unknown): Contradiction[] {
  const listing = Listing.safeParse(value)
  if (!listing.success) return []
  return listing.data.prefixes.flatMap((prefix, index) => {
    if (typeof prefix !== 'string' || prefix === '' || prefix.endsWith('/')) return []
    const message = `\`access: list\` shows the names in a folder, and ${quote(prefix)} is the key of one object.`
    const fix = 'End it in `/` if it is a folder, or ask to read it: `access: read`.'
    return [{ code: 'list-object', path: ['prefixes', index], message, fix }]
  })
}

function requestOf({
  duration,
  prefixes = [],
  ticket,
  start,
  ...same
}: z.output<typeof RequestSchema>): AccessRequest {
  return {
    ...same,
    prefixes,
    durationSeconds: duration,
    ...(ticket !== undefined && { ticket }),
    ...(start !== undefined && { start }),
  }
}
