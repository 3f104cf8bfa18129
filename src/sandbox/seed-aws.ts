/** The sandbox's AWS at its start: who holds which keys, what there is to read, and Daypass installed from `deploy/`. */
import { deployTemplate, type Stack } from './aws/cloudformation.ts'
import type { AwsSeed, SeedAccount, SeedBucket, SeedIamRole, SeedIamUser } from './aws/seed.ts'
import {
  ACCOUNTS,
  type AccessRepository,
  accessRepositories,
  BILLING_KEY_ARN,
  BILLING_KEY_ID,
  BOB,
  HUB_ACCOUNT,
  type Login,
  REGION,
  type Secrets,
} from './seed.ts'

/** The templates that `docs/` tells an operator to install, as text. */
export interface Templates {
  readonly hub: string
  readonly account: string
}

/** What one account tells the operator of the app once `account.yaml` is installed. */
export interface InstalledAccount {
  readonly role: string
  readonly boundary: string
}

type AccountName = keyof typeof ACCOUNTS

/** Nothing here renews the credentials that Identity Center and a machine's role renew by themselves, so they last. */
const SESSION_SECONDS = 365 * 24 * 60 * 60

const BUCKETS: Readonly<Record<AccountName, readonly SeedBucket[]>> = {
  prod: [
    {
      name: 'customer-exports',
      objects: {
        'exports/2026/11/orders.csv': 'order,customer,total\n4211,Initech,99.50\n4212,Globex,12.00\n',
        'exports/2026/10/orders.csv': 'order,customer,total\n3978,Umbrella,42.00\n',
        'internal/salaries.csv': 'name,salary\nOlivia Ortiz,secret\n',
      },
    },
    {
      name: 'billing-archive',
      objects: { 'invoices/2026/11.csv': 'invoice,amount\n881,1200.00\n' },
      kmsKey: BILLING_KEY_ARN,
    },
  ],
  analytics: [{ name: 'clickstream', objects: { 'events/2026-11-24.json': '{"page":"/","clicks":17}\n' } }],
}

const MAY_ASSUME_GRANTS = allow(
  ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'],
  'arn:aws:iam::*:role/daypass/*',
)
const MAY_DO_EVERYTHING = allow('*', '*')

export function awsSeed(
  secrets: Secrets,
  templates: Templates,
  repositories: readonly AccessRepository[] = accessRepositories(),
): AwsSeed {
  const hub = installHub(templates)
  return {
    region: REGION,
    accounts: [
      { ...emptyAccount(HUB_ACCOUNT), ...hub, roles: hub.roles.map((role) => withHubSession(role, secrets)) },
      {
        ...lendingAccount('prod', templates, repositories),
        users: people(secrets),
        roles: [...lendingAccount('prod', templates, repositories).roles, bobsRole(secrets)],
        keys: [{ id: BILLING_KEY_ID, policy: KEY_POLICY }],
      },
      lendingAccount('analytics', templates, repositories),
    ],
  }
}

/** What goes into the app's operator file of one account. */
export function installedAccount(name: AccountName, templates: Templates): InstalledAccount {
  const { outputs } = installAccount(name, templates, [])
  return { role: output(outputs, 'AccountRoleArn'), boundary: output(outputs, 'BoundaryArn') }
}

function lendingAccount(
  name: AccountName,
  templates: Templates,
  repositories: readonly AccessRepository[],
): SeedAccount {
  const { roles, managedPolicies } = installAccount(name, templates, repositories)
  return {
    ...emptyAccount({ name, ...ACCOUNTS[name] }),
    roles: [...roles, ADMINISTRATOR_ROLE],
    managedPolicies,
    buckets: BUCKETS[name],
  }
}

function installHub({ hub }: Templates): Stack {
  const roles = Object.values(ACCOUNTS).map(({ id }) => `arn:aws:iam::${id}:role/DaypassAccountRole`)
  return deployTemplate(
    hub,
    { AccountRoleArns: roles },
    { id: HUB_ACCOUNT.id, partition: 'aws', region: REGION },
  )
}

function installAccount(
  name: AccountName,
  templates: Templates,
  repositories: readonly AccessRepository[],
): Stack {
  const buckets = BUCKETS[name]
  const parameters = {
    HubRoleArn: output(installHub(templates).outputs, 'HubRoleArn'),
    ExternalIds: repositories
      .filter(({ accounts }) => accounts.includes(name))
      .map(({ id }) => `daypass/${id}`),
    LendableBucketArns: buckets.map((bucket) => `arn:aws:s3:::${bucket.name}`),
    KmsKeyArns: buckets.flatMap(({ kmsKey }) => kmsKey ?? []),
  }
  return deployTemplate(templates.account, parameters, {
    ...ACCOUNTS[name],
    partition: 'aws',
    region: REGION,
  })
}

function output(outputs: Readonly<Record<string, string>>, name: string): string {
  const value = outputs[name]
  if (value === undefined) throw new Error(`the template has no output ${name}`)
  return value
}

function emptyAccount({ name, id }: { name: string; id: string }): SeedAccount {
  return { name, id, users: [], roles: [], managedPolicies: [], buckets: [], keys: [] }
}

function people({ keys }: Secrets): SeedIamUser[] {
  const user = (name: Exclude<Login, 'bob'>, policies: SeedIamUser['policies'] = {}): SeedIamUser => ({
    name,
    ...keys[name],
    policies,
  })
  return [
    user('alice', { 'use-grants': MAY_ASSUME_GRANTS }),
    user('mallory', { 'use-grants': MAY_ASSUME_GRANTS }),
    user('olivia'),
    user('oscar'),
    user('root', { administrator: MAY_DO_EVERYTHING }),
  ]
}

/** As Identity Center makes it for everyone with the permission set; bob is signed in. */
function bobsRole({ keys, bobsRoleSuffix }: Secrets): SeedIamRole {
  const provider = `arn:aws:iam::${ACCOUNTS.prod.id}:saml-provider/AWSSSO_0f3d5c6b7a899e1d_DO_NOT_DELETE`
  return {
    name: `AWSReservedSSO_${BOB.permissionSet}_${bobsRoleSuffix}`,
    path: `/aws-reserved/sso.amazonaws.com/${REGION}/`,
    trust: policy({
      Effect: 'Allow',
      Principal: { Federated: provider },
      Action: ['sts:AssumeRoleWithSAML', 'sts:TagSession'],
      Condition: { StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' } },
    }),
    policies: { 'use-grants': MAY_ASSUME_GRANTS },
    sessions: [{ login: 'bob', sessionName: BOB.userName, ...keys.bob, lifetimeSeconds: SESSION_SECONDS }],
  }
}

/** As AWS Organizations makes it in each account, for its administrators to look after them all. */
const ADMINISTRATOR_ROLE: SeedIamRole = {
  name: 'OrganizationAccountAccessRole',
  path: '/',
  trust: policy({
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${ACCOUNTS.prod.id}:user/root` },
    Action: 'sts:AssumeRole',
  }),
  policies: { administrator: MAY_DO_EVERYTHING },
  sessions: [],
}

/** The credentials that the machine which runs the app would find in its environment. */
function withHubSession(role: SeedIamRole, { keys }: Secrets): SeedIamRole {
  const session = { login: 'app', sessionName: 'daypass', ...keys.hub, lifetimeSeconds: SESSION_SECONDS }
  return { ...role, sessions: [session] }
}

/** AWS's default: the account's own IAM policies decide. */
const KEY_POLICY = policy({
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${ACCOUNTS.prod.id}:root` },
  Action: 'kms:*',
  Resource: '*',
})

function allow(Action: string | readonly string[], Resource: string): unknown {
  return policy({ Effect: 'Allow', Action, Resource })
}

function policy(statement: object): unknown {
  return { Version: '2012-10-17', Statement: [statement] }
}
