/** What a new world of the sandbox's GitHub holds: plain data, written in `src/sandbox/seed.ts`. */
export interface GitHubSeed {
  readonly organization: { readonly login: string; readonly id: number }
  readonly users: readonly SeedUser[]
  readonly teams: readonly SeedTeam[]
  readonly app: SeedApp
  readonly repositories: readonly SeedRepository[]
}

export interface SeedUser {
  readonly login: string
  readonly id: number
  readonly name: string
  readonly email: string
  /** A personal token; it acts with all of that person's rights. */
  readonly token: string
  readonly organizationRole: 'admin' | 'member' | 'outside'
}

export interface SeedTeam {
  readonly slug: string
  readonly id: number
  readonly members: readonly string[]
  /** Slug of the team above this one; members of this team count as members of that one too. */
  readonly parent?: string
}

export interface SeedApp {
  readonly id: number
  readonly slug: string
  readonly clientId: string
  /** PEM; the server checks App JWTs against it. */
  readonly publicKey: string
  readonly webhookSecret: string
  readonly installationId: number
  readonly permissions: Readonly<Record<string, 'read' | 'write'>>
  readonly events: readonly string[]
}

export interface SeedRepository {
  readonly name: string
  readonly id: number
  readonly private: boolean
  readonly defaultBranch: string
  readonly collaborators: Readonly<Record<string, 'admin' | 'maintain' | 'write' | 'triage' | 'read'>>
  readonly teams: Readonly<Record<string, 'admin' | 'maintain' | 'push' | 'triage' | 'pull'>>
  /** Path to content of the first commit on the default branch. */
  readonly files: Readonly<Record<string, string>>
  /** Who makes the first commit. */
  readonly author: string
  readonly protection?: SeedProtection
}

/** One branch ruleset on the default branch. */
export interface SeedProtection {
  readonly requiredApprovals: number
  readonly codeOwnerReview: boolean
  readonly dismissStaleReviews: boolean
  /** Check names, each pinned to the app. */
  readonly requiredChecks: readonly string[]
  /** Actors who may merge a pull request past the rules (never push past them). */
  readonly bypassForPullRequests: readonly ('app' | 'admin')[]
  /** No merge commits; left out: they are allowed. */
  readonly linearHistory?: boolean
}
