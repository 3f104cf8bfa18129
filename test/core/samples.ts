/** One request in all its forms, for the tests of what people read. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import fc from 'fast-check'
import type { Account, Principal } from '../../src/core/account.ts'
import type { Asked } from '../../src/core/asked.ts'
import type { Person } from '../../src/core/evidence.ts'
import { buildGrant, type Grant, type RequestIdentity } from '../../src/core/grant.ts'
import type { RequestRecord } from '../../src/core/record.ts'
import type { Lent } from '../../src/core/report-grant.ts'
import type { AccessRequest, RequestLocation } from '../../src/core/request.ts'

export const at = (iso: string): number => Date.parse(iso) / 1000

export const account: Account = {
  alias: 'prod',
  id: '111122223333',
  partition: 'aws',
  region: 'eu-central-1',
  role: 'arn:aws:iam::111122223333:role/daypass-app',
  boundary: 'arn:aws:iam::111122223333:policy/daypass-boundary',
}

export const location: RequestLocation = {
  path: 'access-requests/prod/customer-exports/alice-inc-4211.yaml',
  account: 'prod',
  bucket: 'customer-exports',
  name: 'alice-inc-4211',
}

export const identity: RequestIdentity = { repositoryId: 1001, path: location.path, pull: 12 }

export const request: AccessRequest = {
  requester: 'alice',
  reason: 'Find the corrupt rows behind INC-4211',
  ticket: 'INC-4211',
  access: 'read',
  prefixes: ['exports/2026/11/'],
  durationSeconds: 4 * 3600,
}

export const requestText = `requester: alice
reason: Find the corrupt rows behind INC-4211
ticket: INC-4211
prefixes: [exports/2026/11/]
duration: 4h
`

export const iamUser: Principal = { kind: 'iam-user', arn: 'arn:aws:iam::111122223333:user/alice' }
export const sharedRole: Principal = { kind: 'iam-role', arn: 'arn:aws:iam::111122223333:role/analysts' }
export const roleWithPerson: Principal = {
  ...sharedRole,
  person: { key: 'aws:PrincipalTag/login', value: 'alice' },
}
export const identityCenter: Principal = {
  kind: 'identity-center',
  accountId: '111122223333',
  partition: 'aws',
  permissionSet: 'DataReader',
  userName: 'alice@example.com',
}

const person = (id: number, login: string): Person => ({ id, login, kind: 'person' })
const alice = person(501, 'alice')
export const olivia = person(502, 'olivia')
export const oscar = person(503, 'oscar')
export const mallory = person(504, 'mallory')

const blob = '5f1d3c2b6a7988990011223344556677889900aa'
export const reviewed = '9a3c61f0b2d4e6f8091a2b3c4d5e6f7081920314'

export const asked: Asked = {
  location,
  request,
  account,
  terms: { principal: iamUser, longestWindow: 12 * 3600, approvalsNeeded: 1, mergeBy: 'owners' },
}

export const judged: RequestRecord = {
  blob,
  author: alice,
  request: { ...request, prefixes: [...request.prefixes] },
  principal: iamUser,
  window: { start: at('2026-11-24T09:00:00Z'), end: at('2026-11-24T13:00:00Z') },
  approvals: [{ person: olivia, commit: reviewed, at: at('2026-11-24T08:57:12Z') }],
  mergedBy: oscar,
}

/** The same, made two hours longer by another pull request. */
export const extendedJudged: RequestRecord = {
  ...judged,
  blob: '77aa88bb99cc0011223344556677889900aabbcc',
  request: { ...judged.request, durationSeconds: 6 * 3600 },
  window: { ...judged.window, end: at('2026-11-24T15:00:00Z') },
  extensions: [
    {
      pull: 19,
      from: judged.window.end,
      until: at('2026-11-24T15:00:00Z'),
      reason: 'There are more corrupt rows than we thought',
      approvals: [
        { person: oscar, commit: '1b2c3d4e5f60718293a4b5c6d7e8f90011223344', at: at('2026-11-24T12:30:05Z') },
      ],
      mergedBy: olivia,
    },
  ],
}

export function grantFor(of: Asked = asked): Grant {
  return buildGrant({
    identity,
    location: of.location,
    blob,
    request: of.request,
    window: judged.window,
    account: of.account,
    principal: of.terms.principal,
    ...(of.terms.kmsKey !== undefined && { kmsKey: of.terms.kmsKey }),
  })
}

export const lent: Lent = { location, account, judged, role: grantFor() }

/** The same key in every run: its seed is thirty-two times the given byte. */
export function testKey(byte: number): { readonly privatePem: string; readonly publicPem: string } {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return {
    privatePem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
  }
}

/** Any code points at all, halves of surrogate pairs included; fast-check's own `binary` takes seconds to set up. */
export const anyText = fc.string({
  unit: fc
    .oneof(
      fc.integer({ min: 0, max: 0x7f }),
      fc.integer({ min: 0, max: 0x10ffff }),
      fc.constantFrom(0x200b, 0x202e, 0x2028, 0x2066, 0xd800, 0xfeff, 0xe0041),
    )
    .map((point) => String.fromCodePoint(point)),
})
