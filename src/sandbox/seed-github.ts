/** The sandbox's GitHub at its start: the organization acme, its people, the app, and two access repositories. */
import type { GitHubSeed, SeedProtection, SeedRepository, SeedUser } from './github/seed.ts'
import {
  type AccessRepository,
  accessRepositories,
  BILLING_KEY_ARN,
  BOB,
  type Login,
  ORGANIZATION,
  type Secrets,
} from './seed.ts'

/** What an organization grants when it installs the app: taken from the app's own manifest. */
export interface AppManifest {
  readonly permissions: Readonly<Record<string, 'read' | 'write'>>
  readonly events: readonly string[]
}

export const APP_ID = 424_242

const USERS: Readonly<
  Record<Login, { id: number; name: string; organizationRole: SeedUser['organizationRole'] }>
> = {
  alice: { id: 101, name: 'Alice Anders', organizationRole: 'member' },
  bob: { id: 102, name: 'Bob Brandt', organizationRole: 'member' },
  olivia: { id: 103, name: 'Olivia Ortiz', organizationRole: 'member' },
  oscar: { id: 104, name: 'Oscar Olsen', organizationRole: 'member' },
  mallory: { id: 105, name: 'Mallory Moss', organizationRole: 'member' },
  root: { id: 106, name: 'Root', organizationRole: 'admin' },
}

/** The grant's own check is never required: it is written on the merge commit, so a head never has it. */
const PROTECTION: SeedProtection = {
  requiredApprovals: 1,
  codeOwnerReview: true,
  dismissStaleReviews: true,
  requiredChecks: ['Daypass / request', 'Daypass / approval'],
  bypassForPullRequests: ['app'],
}

export function gitHubSeed(
  secrets: Secrets,
  manifest: AppManifest,
  repositories: readonly AccessRepository[] = accessRepositories(),
): GitHubSeed {
  return {
    organization: { login: ORGANIZATION, id: 100 },
    users: Object.entries(USERS).map(([login, user]) => ({
      login,
      ...user,
      email: `${login}@acme.example`,
      token: secrets.tokens[login as Login],
    })),
    teams: [{ slug: 'data-owners', id: 201, members: ['olivia', 'oscar'] }],
    app: {
      id: APP_ID,
      slug: 'daypass',
      clientId: 'Iv23liSandboxDaypass',
      publicKey: secrets.app.publicKey,
      webhookSecret: secrets.webhook,
      installationId: 301,
      ...manifest,
    },
    repositories: repositories.map((repository) => ({
      ...accessRepository(repository),
      ...(repository.isProtected && { protection: PROTECTION }),
    })),
  }
}

function accessRepository({ name, id }: AccessRepository): SeedRepository {
  return {
    name,
    id,
    private: true,
    defaultBranch: 'main',
    collaborators: { alice: 'write', bob: 'write', mallory: 'write' },
    teams: { 'data-owners': 'push' },
    files: {
      'README.md': README,
      'access-requests/README.md': HOW_TO_ASK,
      '.github/CODEOWNERS': CODEOWNERS,
      '.github/daypass.yml': RULES,
    },
    author: 'root',
  }
}

const README = `# Access

Access to our S3 buckets is lent by pull request: see [access-requests](access-requests/README.md).
`

const HOW_TO_ASK = `# How to ask

Add one file, \`access-requests/<account>/<bucket>/<name>.yaml\`, in a pull request.
[Begin with this one](../../../new/main?filename=access-requests/prod/customer-exports/alice-inc-4211.yaml&value=requester%3A%20alice%0Areason%3A%20Find%20the%20corrupt%20rows%20behind%20INC-4211%0Aprefixes%3A%20%5Bexports%2F2026%2F11%2F%5D%0Aduration%3A%204h%0A):

\`\`\`yaml
requester: alice
reason: Find the corrupt rows behind INC-4211
prefixes: [exports/2026/11/]
duration: 4h
\`\`\`

The check **Daypass / request** shows what would be granted, and **Daypass / approval** what is missing
before a merge. A code owner approves and merges; the pull request then says how to read, and until when.
`

const CODEOWNERS = `# Who may approve: of each path, the last line that matches it.
*                 @${ORGANIZATION}/data-owners
/.github/         @${ORGANIZATION}/data-owners
/access-requests/ @${ORGANIZATION}/data-owners
`

const RULES = `# What may be lent, for how long, and to whom.
paused: false

buckets:
  - account: prod
    bucket: customer-exports
    max_duration: 12h
    whole_bucket: refused
  - account: prod
    bucket: billing-archive
    max_duration: 12h
    whole_bucket: allowed
    kms_key: ${BILLING_KEY_ARN}
  - account: analytics
    bucket: clickstream
    max_duration: 12h
    whole_bucket: allowed

people:
  alice: { iam_user: alice, account: prod }
  bob: { permission_set: ${BOB.permissionSet}, user_name: ${BOB.userName}, account: prod }
  mallory: { iam_user: mallory, account: prod }
`
