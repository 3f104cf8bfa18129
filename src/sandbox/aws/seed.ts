/** What a new world of the sandbox's AWS holds: plain data, written in `src/sandbox/seed.ts`. */
export interface AwsSeed {
  readonly region: string
  /** `aws` where left out. */
  readonly partition?: string
  readonly accounts: readonly SeedAccount[]
  /** The most roles ListRoles answers at once, whatever was asked for: AWS may answer short pages at any time. */
  readonly longestPage?: number
}

export interface SeedAccount {
  readonly name: string
  readonly id: string
  readonly users: readonly SeedIamUser[]
  readonly roles: readonly SeedIamRole[]
  readonly managedPolicies: readonly SeedManagedPolicy[]
  readonly buckets: readonly SeedBucket[]
  readonly keys: readonly SeedKmsKey[]
  /** The most roles it may have: 1,000 where left out. */
  readonly rolesQuota?: number
}

export interface SeedIamUser {
  readonly name: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Inline policy documents by name. */
  readonly policies: Readonly<Record<string, unknown>>
  /** Whom the call log names for this user's calls and those of the roles it assumes: the user's name where left out. */
  readonly login?: string
  readonly tags?: Readonly<Record<string, string>>
}

export interface SeedIamRole {
  readonly name: string
  readonly path: string
  readonly trust: unknown
  readonly policies: Readonly<Record<string, unknown>>
  /** ARN of a managed policy. */
  readonly boundary?: string
  readonly description?: string
  readonly maxSessionDuration?: number
  readonly tags?: Readonly<Record<string, string>>
  /** Sessions that exist from the start, as Identity Center would have made them. */
  readonly sessions: readonly SeedSession[]
}

export interface SeedSession {
  /** Login of the person, for the ready file. */
  readonly login: string
  readonly sessionName: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  /** Seconds after the start at which it expires, in the sandbox's time. */
  readonly lifetimeSeconds: number
  readonly sourceIdentity?: string
  readonly transitiveTags?: Readonly<Record<string, string>>
}

export interface SeedManagedPolicy {
  readonly name: string
  readonly path: string
  readonly document: unknown
}

export interface SeedBucket {
  readonly name: string
  /** Key to content. */
  readonly objects: Readonly<Record<string, string>>
  readonly policy?: unknown
  /** ARN of the KMS key that encrypts every object. */
  readonly kmsKey?: string
}

export interface SeedKmsKey {
  readonly id: string
  readonly policy: unknown
}
