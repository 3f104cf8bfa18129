/** The operator file: which repositories are served, from which commit on they are trusted, and which accounts each may reach. */
import { z } from 'zod'
import type { RepositoryConfig } from './config.ts'
import type { Account } from './core/account.ts'
import { ACCOUNT_ALIAS, textOf } from './core/names.ts'
import type { Mistake, Parsed } from './core/problem.ts'
import { finds, readShape } from './core/shape.ts'
import { quote } from './core/text.ts'
import { readYaml, type YamlPath } from './core/yaml.ts'

const MAX_OPERATOR_BYTES = 1024 * 1024
const DEFAULT_ROLE = 'DaypassAccountRole'
const DEFAULT_BOUNDARY = 'DaypassBoundary'

/** A bare name, or an ARN whose account is checked against the entry's own. */
const arnOrName = (kind: 'role' | 'policy', example: string) =>
  textOf({
    pattern: new RegExp(
      `^(?:arn:(?:aws|aws-cn|aws-us-gov):iam::\\d{12}:${kind}/)?(?:[\\w+=,.@-]{1,64}/){0,7}[\\w+=,.@-]{1,128}$`,
    ),
    code: 'arn',
    what: `the ARN or name of a ${kind}`,
    fix: `Write its ARN, or its name with its path before it, such as \`${example}\`.`,
    description:
      kind === 'role'
        ? `The role that the app assumes there; if left out: \`${DEFAULT_ROLE}\`.`
        : `The permissions boundary of every grant there; if left out: \`${DEFAULT_BOUNDARY}\`.`,
    example,
  })

const AccountSchema = z
  .strictObject({
    id: textOf({
      pattern: /^\d{12}$/,
      code: 'account-id',
      what: "an account's id",
      fix: 'Write its twelve digits in quotes.',
      description:
        'Twelve digits, in quotes: without them YAML reads a number, and zeros at its start are lost.',
      example: '111111111111',
    }),
    partition: z
      .enum(['aws', 'aws-cn', 'aws-us-gov'])
      .optional()
      .meta({ description: "If left out: the region's.", examples: ['aws'] }),
    region: textOf({
      pattern: /^[a-z]{2}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/,
      code: 'region',
      what: 'an AWS region',
      fix: 'Write it as `eu-central-1`.',
      description: 'Where the buckets are.',
      example: 'eu-central-1',
    }),
    role: arnOrName('role', DEFAULT_ROLE).optional(),
    boundary: arnOrName('policy', DEFAULT_BOUNDARY).optional(),
  })
  .check(finds(accountMistakes))

type AccountEntry = z.output<typeof AccountSchema>
type WithPath = Mistake & { readonly path: YamlPath }

const aliasField = textOf({
  pattern: ACCOUNT_ALIAS,
  code: 'account-alias',
  what: "an account's alias",
  fix: 'Write lower-case letters, digits and hyphens, at most 32.',
  description: 'What requests and rules call the account.',
  example: 'prod',
})

const RepositorySchema = z.strictObject({
  id: z
    .int()
    .min(1)
    .meta({
      description: 'The number that GitHub gave the repository; it outlives renaming.',
      examples: [123456789],
    }),
  name: textOf({
    pattern: /^[A-Za-z0-9_-]{1,39}\/[A-Za-z0-9._-]{1,100}$/,
    code: 'repository-name',
    what: "a repository's name",
    fix: 'Write it as `acme/access`.',
    description: 'For whoever reads this file; the id counts.',
    example: 'acme/access',
  }).optional(),
  trusted_commit: textOf({
    pattern: /^[0-9a-f]{40}$/,
    code: 'trusted-commit',
    what: "a commit's sha",
    fix: 'Write all its forty digits: `git rev-parse HEAD`.',
    description:
      'Commit at which somebody read CODEOWNERS and rules; each later change must be approved by their owners.',
    example: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  }),
  accounts: z
    .record(aliasField, AccountSchema)
    .check(finds(accountDuplicates))
    .meta({
      description: 'The accounts that this repository may reach, by alias; no other can be named in it.',
      examples: [{ prod: { id: '111111111111' } }],
    }),
})

export const OperatorSchema = z
  .strictObject({
    repositories: z
      .array(RepositorySchema)
      .min(1)
      .max(1000)
      .check(finds(repositoryDuplicates))
      .check(finds(partitionMistakes))
      .meta({
        description: 'The repositories that are served; events of others are ignored.',
        examples: [[{ id: 123456789 }]],
      }),
  })
  .meta({ title: 'Daypass operator file' })

function* accountMistakes({ id, partition, region, role, boundary }: AccountEntry): Iterable<WithPath> {
  const expected = partitionOf(region)
  if (partition !== undefined && partition !== expected) {
    const message = `The region ${quote(region)} lies in the partition ${quote(expected)}, not ${quote(partition)}.`
    yield {
      code: 'partition',
      path: ['partition'],
      message,
      fix: 'Leave `partition` out, or mend the region.',
    }
  }
  for (const [field, arn] of Object.entries({ role, boundary })) {
    if (!arn?.startsWith('arn:') || arn.startsWith(`arn:${expected}:iam::${id}:`)) continue
    const message = `${quote(arn)} is not in the account ${quote(id)} of the partition ${quote(expected)}.`
    yield { code: 'arn', path: [field], message, fix: 'Write an ARN of this account, or the name alone.' }
  }
}

/** Two aliases of one account would each take the other's grants for their own. */
function* accountDuplicates(accounts: Readonly<Record<string, AccountEntry>>): Iterable<WithPath> {
  const aliases = new Map<string, string>()
  for (const [alias, { id }] of Object.entries(accounts)) {
    const other = aliases.get(id)
    const message = `${quote(alias)} and ${quote(other)} are the same account.`
    if (other !== undefined)
      yield { code: 'account-duplicate', path: [alias, 'id'], message, fix: 'Keep one alias.' }
    aliases.set(id, alias)
  }
}

function* repositoryDuplicates(repositories: readonly { readonly id: number }[]): Iterable<WithPath> {
  const seen = new Set<number>()
  for (const [index, { id }] of repositories.entries()) {
    const path = [index, 'id']
    const message = `The repository ${id} is listed twice.`
    if (seen.has(id))
      yield { code: 'repository-duplicate', path, message, fix: 'Put its accounts into one entry.' }
    seen.add(id)
  }
}

/** The credentials of one partition are not valid in another, and the app has one identity. */
function* partitionMistakes(
  repositories: readonly { readonly accounts: Readonly<Record<string, AccountEntry>> }[],
): Iterable<WithPath> {
  let first: string | undefined
  for (const [index, { accounts }] of repositories.entries())
    for (const [alias, { region }] of Object.entries(accounts)) {
      const partition = partitionOf(region)
      first ??= partition
      if (partition === first) continue
      yield {
        code: 'account-partition',
        path: [index, 'accounts', alias, 'region'],
        message: `The region ${quote(region)} lies in the partition ${quote(partition)}, that of the first account in ${quote(first)}.`,
        fix: 'Run an app of its own for each partition.',
      }
    }
}

export function parseOperatorFile(
  file: string,
  source: string,
): Parsed<ReadonlyMap<number, RepositoryConfig>> {
  const yaml = readYaml(file, source, { maxBytes: MAX_OPERATOR_BYTES })
  if (!yaml.ok) return yaml
  const shape = readShape(OperatorSchema, yaml.value)
  if (!shape.ok) return shape
  return {
    ok: true,
    value: new Map(shape.value.repositories.map((entry) => [entry.id, repositoryOf(entry)])),
  }
}

function repositoryOf({
  id,
  name,
  trusted_commit,
  accounts,
}: z.output<typeof RepositorySchema>): RepositoryConfig {
  return {
    id,
    name: name ?? `repository ${id}`,
    trustedCommit: trusted_commit,
    accounts: new Map(Object.entries(accounts).map(([alias, entry]) => [alias, accountOf(alias, entry)])),
  }
}

function accountOf(alias: string, entry: AccountEntry): Account {
  const { id, region, role = DEFAULT_ROLE, boundary = DEFAULT_BOUNDARY } = entry
  const partition = partitionOf(region)
  const arn = (kind: 'role' | 'policy', name: string) =>
    name.startsWith('arn:') ? name : `arn:${partition}:iam::${id}:${kind}/${name}`
  return { alias, id, partition, region, role: arn('role', role), boundary: arn('policy', boundary) }
}

function partitionOf(region: string): Account['partition'] {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}
