/** Grants for the tests, made from one plain request; a test names only what it cares about. */
import type { Account, Principal } from '../../src/core/account.ts'
import { buildGrant, type Grant, type GrantTerms, type RequestIdentity } from '../../src/core/grant.ts'

export const PROD: Account = {
  alias: 'prod',
  id: '111111111111',
  partition: 'aws',
  region: 'eu-central-1',
  role: 'arn:aws:iam::111111111111:role/daypass-app',
  boundary: 'arn:aws:iam::111111111111:policy/daypass-boundary',
}

export const ANALYTICS: Account = {
  alias: 'analytics',
  id: '222222222222',
  partition: 'aws',
  region: 'eu-central-1',
  role: 'arn:aws:iam::222222222222:role/daypass-app',
  boundary: 'arn:aws:iam::222222222222:policy/daypass-boundary',
}

const ALICE: Principal = { kind: 'iam-user', arn: 'arn:aws:iam::111111111111:user/alice' }

/** 2026-11-24T09:00:00Z */
export const START = 1_795_510_800
export const HOUR = 3600

interface Sample {
  readonly account?: Account
  readonly identity?: Partial<RequestIdentity>
  readonly principal?: Principal
  readonly request?: Partial<GrantTerms['request']>
  readonly window?: GrantTerms['window']
  readonly blob?: string
  readonly kmsKey?: string
}

export function sampleTerms(sample: Sample = {}): GrantTerms {
  const path = sample.identity?.path ?? 'access-requests/prod/customer-exports/alice-inc-4211.yaml'
  const [, account = '', bucket = '', file = ''] = path.split('/')
  return {
    identity: { repositoryId: 812_345_678, pull: 12, ...sample.identity, path },
    location: { path, account, bucket, name: file.replace(/\.yaml$/, '') },
    blob: sample.blob ?? 'a'.repeat(40),
    request: {
      requester: 'alice',
      reason: 'Find the corrupt rows behind INC-4211',
      ticket: 'INC-4211',
      access: 'read',
      prefixes: ['exports/2026/11/'],
      durationSeconds: 4 * HOUR,
      ...sample.request,
    },
    window: sample.window ?? { start: START, end: START + 4 * HOUR },
    account: sample.account ?? PROD,
    principal: sample.principal ?? ALICE,
    kmsKey: sample.kmsKey,
  }
}

export function sampleGrant(sample: Sample = {}): Grant {
  return buildGrant(sampleTerms(sample))
}
