/** A grant: the one IAM role that a request becomes, and everything that is written into it. */
import type { Account, Principal } from './account.ts'
import type { AccessRequest, RequestLocation } from './request.ts'
import type { Window } from './window.ts'

/** Who a request is, for as long as its file lives: the role's and the revert branch's names are functions of it. */
export interface RequestIdentity {
  readonly repositoryId: number
  readonly path: string
  /** The pull request that added the file in its current life. */
  readonly pull: number
}

/** All that a grant is made from. */
export interface GrantTerms {
  readonly identity: RequestIdentity
  readonly location: RequestLocation
  /** Blob id of the approved bytes. */
  readonly blob: string
  readonly request: AccessRequest
  readonly window: Window
  readonly account: Account
  readonly principal: Principal
  readonly kmsKey?: string
}

/** Exactly what IAM is told; policies are documents, not yet text. */
export interface Grant {
  readonly identity: RequestIdentity
  readonly account: string
  readonly roleName: string
  readonly rolePath: string
  readonly roleArn: string
  readonly description: string
  readonly trustPolicy: PolicyDocument
  readonly permissionPolicy: PolicyDocument
  readonly boundary: string
  readonly tags: Readonly<Record<string, string>>
  readonly maxSessionSeconds: number
  readonly window: Window
  readonly blob: string
}

export interface PolicyDocument {
  readonly Version: '2012-10-17'
  readonly Statement: readonly PolicyStatement[]
}

export interface PolicyStatement {
  readonly Sid: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: Readonly<Record<string, string>>
  readonly Action?: string | readonly string[]
  readonly NotAction?: string | readonly string[]
  readonly Resource?: string | readonly string[]
  readonly NotResource?: string | readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

/** Why access ended. */
export type EndReason = 'expired' | 'file-removed' | 'file-changed' | 'role-removed' | 'given-back'

/** What ListRoles alone says of a role under the app's path. */
export interface StandingGrant {
  readonly identity: RequestIdentity
  readonly account: string
  readonly roleName: string
  readonly rolePath: string
  readonly roleArn: string
  readonly blob: string
  readonly window: Window
  readonly state:
    | { readonly kind: 'live' }
    /** Denies everything (a tombstone while its window lasts). `at`: seconds since the epoch. */
    | { readonly kind: 'ended'; readonly at: number; readonly because: EndReason }
}
