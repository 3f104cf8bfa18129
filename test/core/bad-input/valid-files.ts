/** Files that are right, in many spellings, and what they mean: written without a look at how they are read. */
import type { Dice } from './dice.ts'
import { asFile, spell, type Written } from './spelling.ts'

export const KINDS = ['request', 'rules', 'codeowners', 'operator'] as const
export type Kind = (typeof KINDS)[number]

export interface ValidFile {
  readonly text: string
  /** The value that YAML holds; of CODEOWNERS, its lines as `[pattern, ...owners]`. */
  readonly means: unknown
}

export function validFile(kind: Kind, dice: Dice): ValidFile {
  if (kind === 'codeowners') return validCodeowners(dice)
  const means = { request, rules, operator }[kind](dice)
  return { text: spell(means, dice), means }
}

type Fields = { readonly [key: string]: Written }

/** Some of the fields. */
const maybe = (dice: Dice, fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(() => dice.onceIn(2)))

const LOGINS = ['alice', 'Bob-Builder', 'o', 'carol_acme', 'true', '0x10', '1e3', 'null'] as const
const WORDS = [
  'Find',
  'rows',
  'behind',
  'INC-4211',
  'größer',
  '数据',
  "it's",
  '"so"',
  '#1',
  ': x',
  '- y',
] as const
const FOLDERS = ['exports/2026/11/', "it's/", 'größe/a b/'] as const
const PREFIXES = [...FOLDERS, 'internal/größe.csv', 'a b/c (1).csv', 'yes', '2026-11-24']

function request(dice: Dice): Fields {
  const reason = Array.from({ length: 4 + dice.whole(20) }, () => dice.pick(WORDS)).join(' ')
  const optional = maybe(dice, {
    ticket: dice.pick(['INC-4211', '4211', 'a:b/c@d=e']),
    access: dice.pick(['read', 'list']),
    prefixes: dice.shuffled(PREFIXES).slice(0, 1 + dice.whole(PREFIXES.length)),
    start: dice.pick(['2026-11-24T09:00:00Z', '2026-11-24T10:00:00+01:00', '2026-12-01T09:00Z']),
  })
  return {
    requester: dice.pick(LOGINS),
    reason,
    duration: dice.pick(['30m', '4h', '1d12h', 'PT4H', '90s', 'P30D', '0d1h']),
    ...optional,
    // Only folders can be listed.
    ...(optional.access === 'list' && optional.prefixes !== undefined && { prefixes: FOLDERS }),
  }
}

function person(dice: Dice, login: string): Fields {
  return dice.pick<Fields>([
    { iam_user: `team/${login}` },
    { iam_role: 'engineers', everyone_in_role: true },
    { iam_role: 'engineers', person: { session_name: `x-${login}` } },
    { iam_role: 'engineers', person: { source_identity: `x-${login}` } },
    { iam_role: 'engineers', person: { principal_tag: { key: 'login', value: login } } },
    { permission_set: 'DataAnalyst', user_name: `${login}@example.com`, account: 'staff' },
  ])
}

function rules(dice: Dice): Fields {
  const buckets = Array.from({ length: 1 + dice.whole(4) }, (_, index) => ({
    account: dice.pick(['prod', 'staff', '1-2']),
    bucket: `bucket-${index}${dice.pick(['', '-*', '*x'])}`,
    max_duration: dice.pick(['12h', 'P1D', '90m']),
    ...maybe(dice, {
      whole_bucket: dice.pick(['allowed', 'refused']),
      approvals: 1 + dice.whole(5),
      merge: dice.pick(['owners', 'anyone']),
      ticket: dice.pick(['optional', 'required']),
      kms_key: `arn:aws:kms:eu-central-1:111111111111:key/mrk-${'0'.repeat(32)}`,
    }),
  }))
  const people = Object.fromEntries(['Alice', 'bob', 'o-0'].map((login) => [login, person(dice, 'x')]))
  const template = person(dice, '{login}')
  return { buckets, ...maybe(dice, { paused: dice.onceIn(2), people, template }) }
}

function operator(dice: Dice): Fields {
  const accounts = {
    prod: {
      id: '011111111111',
      region: 'eu-central-1',
      ...maybe(dice, { role: 'team/Lender', partition: 'aws' }),
    },
    east: {
      id: '222222222222',
      region: 'us-east-1',
      ...maybe(dice, { boundary: 'arn:aws:iam::222222222222:policy/B' }),
    },
  }
  const repositories = Array.from({ length: 1 + dice.whole(3) }, (_, index) => ({
    id: 1001 + index,
    trusted_commit: `${index}`.repeat(40),
    accounts,
    ...maybe(dice, { name: 'acme/access' }),
  }))
  return { repositories }
}

const PATTERNS = [
  '*',
  '/docs/',
  '*.js',
  'a\\ b/',
  '/access-requests/prod/**/x?.yaml',
  'a#b',
  '**/logs',
  'größe/',
] as const
const OWNERS = ['@olivia', '@acme/data-owners', 'docs@example.com', '@O-1', '@acme/a.b_c'] as const

function validCodeowners(dice: Dice): ValidFile {
  const means = Array.from({ length: dice.whole(12) }, (): string[] => [
    dice.pick(PATTERNS),
    ...Array.from({ length: dice.whole(4) }, () => dice.pick(OWNERS)),
  ])
  const lines = means.flatMap((words) => {
    const line = words.reduce((start, word) => `${start}${dice.pick([' ', '\t', '   '])}${word}`)
    const noisy = `${dice.pick(['', '', ' ', '\t'])}${line}${dice.pick(['', '', ' ', ' # why @not', '\t#'])}`
    return dice.onceIn(4) ? [dice.pick(['', '  ', '# a remark @no']), noisy] : [noisy]
  })
  return { text: asFile(lines, dice), means }
}
