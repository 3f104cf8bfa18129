/** What a file means by its plain value, worked out anew: the product's answers are held against it. */
import type { AccessRequest } from '../../../src/core/request.ts'

type Raw = Readonly<Record<string, unknown>>

export function requestMeaning(value: unknown): AccessRequest {
  const { requester, reason, ticket, access = 'read', prefixes = [], duration, start } = value as Raw
  return {
    requester,
    reason: (reason as string).trim(),
    access,
    prefixes,
    durationSeconds: seconds(duration),
    ...(ticket !== undefined && { ticket }),
    ...(start !== undefined && { start: Date.parse(start as string) / 1000 }),
  } as AccessRequest
}

export function rulesMeaning(value: unknown): unknown {
  const { paused = false, buckets, people = {}, template } = value as Raw
  return {
    paused,
    buckets: (buckets as Raw[]).map((bucket) => ({
      account: bucket.account,
      bucket: bucket.bucket,
      longestWindow: seconds(bucket.max_duration),
      wholeBucket: bucket.whole_bucket ?? 'refused',
      ticket: bucket.ticket ?? 'optional',
      approvalsNeeded: bucket.approvals ?? 1,
      mergeBy: bucket.merge ?? 'owners',
      ...(bucket.kms_key !== undefined && { kmsKey: bucket.kms_key }),
    })),
    people: new Map(Object.entries(people as Raw).map(([login, person]) => [login.toLowerCase(), person])),
    ...(template !== undefined && { template }),
  }
}

export function operatorMeaning(value: unknown): unknown {
  const { repositories } = value as { repositories: readonly (Raw & { accounts: Raw })[] }
  return new Map(
    repositories.map(({ id, name, trusted_commit: trustedCommit, accounts }) => [
      id,
      {
        id,
        name: name ?? `repository ${id}`,
        trustedCommit,
        accounts: new Map(
          Object.entries(accounts).map(([alias, account]) => [alias, accountMeaning(alias, account as Raw)]),
        ),
      },
    ]),
  )
}

function accountMeaning(alias: string, { id, region, role, boundary }: Raw): unknown {
  const start = /^(cn|us-gov)-/.exec(region as string)?.[1]
  const partition = start === undefined ? 'aws' : `aws-${start}`
  const arn = (kind: string, name: unknown, otherwise: string) =>
    String(name ?? '').startsWith('arn:') ? name : `arn:${partition}:iam::${id}:${kind}/${name ?? otherwise}`
  return {
    alias,
    id,
    partition,
    region,
    role: arn('role', role, 'DaypassAccountRole'),
    boundary: arn('policy', boundary, 'DaypassBoundary'),
  }
}

const UNITS: Readonly<Record<string, number>> = { D: 86_400, H: 3600, M: 60, S: 1 }

function seconds(duration: unknown): number {
  const parts = String(duration)
    .toUpperCase()
    .matchAll(/(\d+)([DHMS])/g)
  return [...parts].reduce((sum, [, digits, unit = '']) => sum + Number(digits) * (UNITS[unit] ?? NaN), 0)
}
