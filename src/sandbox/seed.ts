/** The sandbox's world: who is in it, what they may do, and what they hold; the secrets of one start in one place. */
import type { AwsKeys, ReadyFile } from './ready.ts'
import {
  newAppKey,
  newPersonalToken,
  newReceiptKey,
  newRoleSuffix,
  newSessionKeys,
  newUserKeys,
  newWebhookSecret,
  type PemPair,
} from './secrets.ts'

export type Login = 'alice' | 'bob' | 'olivia' | 'oscar' | 'mallory' | 'root'

/** In a sentence, for people who meet them. */
export const WHO_IS_WHO: Readonly<Record<Login, string>> = {
  alice: 'Asks for access. An IAM user with write access to the repositories.',
  bob: 'Asks too, and comes to AWS through Identity Center.',
  olivia: 'An owner of every path, in the team data-owners: may approve.',
  oscar: 'The other owner.',
  mallory: 'Has write access, owns nothing, and would like to read more than she may.',
  root: 'Administrator of the organization and of its AWS accounts.',
}

export const ORGANIZATION = 'acme'
export const REPOSITORIES = {
  protected: { name: 'access', id: 1001 },
  unprotected: { name: 'access-open', id: 1002 },
} as const

export interface AccessRepository {
  readonly name: string
  readonly id: number
  readonly isProtected: boolean
  /** Which accounts the operator gives to it. */
  readonly accounts: readonly (keyof typeof ACCOUNTS)[]
}

/** The two that everybody knows, and as many without protection as somebody wants to spoil; those may use `prod` alone. */
export function accessRepositories(spare = 0): readonly AccessRepository[] {
  const both = ['prod', 'analytics'] as const
  return [
    { ...REPOSITORIES.protected, isProtected: true, accounts: both },
    { ...REPOSITORIES.unprotected, isProtected: false, accounts: both },
    ...Array.from({ length: spare }, (_, index) => ({
      name: `access-spare-${index + 1}`,
      id: REPOSITORIES.unprotected.id + 1 + index,
      isProtected: false,
      accounts: ['prod'] as const,
    })),
  ]
}

export const REGION = 'eu-central-1'
export const ACCOUNTS = {
  prod: { id: '111122223333' },
  analytics: { id: '444455556666' },
} as const
/** Where the app's own identity lives, apart from the accounts it lends from. */
export const HUB_ACCOUNT = { name: 'platform', id: '777788889999' } as const

export const BILLING_KEY_ID = '0b6f5a0e-5c1d-4c39-9a53-3f0a6c1f7d10'
export const BILLING_KEY_ARN = `arn:aws:kms:${REGION}:${ACCOUNTS.prod.id}:key/${BILLING_KEY_ID}`

/** The Identity Center person. */
export const BOB = { permissionSet: 'DataReader', userName: 'bob@acme.example' } as const

/** Everything of one start that nobody could guess. */
export interface Secrets {
  readonly tokens: Readonly<Record<Login, string>>
  readonly keys: Readonly<Record<Exclude<Login, 'bob'>, AwsKeys>> &
    Readonly<Record<'bob' | 'hub', Required<AwsKeys>>>
  readonly bobsRoleSuffix: string
  readonly app: PemPair
  readonly webhook: string
  readonly receipts: PemPair
}

export async function newSecrets(): Promise<Secrets> {
  const [app, receipts] = await Promise.all([newAppKey(), newReceiptKey()])
  return {
    tokens: {
      alice: newPersonalToken(),
      bob: newPersonalToken(),
      olivia: newPersonalToken(),
      oscar: newPersonalToken(),
      mallory: newPersonalToken(),
      root: newPersonalToken(),
    },
    keys: {
      alice: newUserKeys(),
      bob: newSessionKeys(),
      olivia: newUserKeys(),
      oscar: newUserKeys(),
      mallory: newUserKeys(),
      root: newUserKeys(),
      hub: newSessionKeys(),
    },
    bobsRoleSuffix: newRoleSuffix(),
    app,
    webhook: newWebhookSecret(),
    receipts,
  }
}

export interface Addresses {
  readonly github: string
  readonly aws: string
  readonly app: string
  readonly control: string
}

export function readyFile({ tokens, keys, receipts }: Secrets, at: Addresses): ReadyFile {
  const { hub: _, ...keysOfPeople } = keys
  return {
    github: {
      url: at.github,
      repository: `${ORGANIZATION}/${REPOSITORIES.protected.name}`,
      unprotected: `${ORGANIZATION}/${REPOSITORIES.unprotected.name}`,
      tokens,
    },
    aws: { endpoint: at.aws, region: REGION, accounts: ACCOUNTS, keys: keysOfPeople },
    app: { url: at.app, receiptPublicKey: receipts.publicKey },
    control: { url: at.control },
  }
}
