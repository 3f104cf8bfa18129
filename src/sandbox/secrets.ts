/** Secrets of a new world, made afresh at every start, in the forms that GitHub and AWS give theirs. */
import { generateKeyPair, type KeyPairKeyObjectResult, randomBytes, randomInt } from 'node:crypto'
import { promisify } from 'node:util'
import type { AwsKeys } from './ready.ts'

export interface PemPair {
  readonly publicKey: string
  readonly privateKey: string
}

const makeKeyPair = promisify(generateKeyPair)

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** What an App signs its JWTs with. */
export async function newAppKey(): Promise<PemPair> {
  return toPem(await makeKeyPair('rsa', { modulusLength: 2048 }))
}

/** What the app signs receipts with. */
export async function newReceiptKey(): Promise<PemPair> {
  return toPem(await makeKeyPair('ed25519'))
}

export function newWebhookSecret(): string {
  return randomBytes(32).toString('hex')
}

export function newPersonalToken(): string {
  return `ghp_${letters(ALPHANUMERIC, 36)}`
}

export function newUserKeys(): AwsKeys {
  return { accessKeyId: `AKIA${letters(BASE32, 16)}`, secretAccessKey: newSecretKey() }
}

export function newSessionKeys(): Required<AwsKeys> {
  return {
    accessKeyId: `ASIA${letters(BASE32, 16)}`,
    secretAccessKey: newSecretKey(),
    sessionToken: randomBytes(240).toString('base64'),
  }
}

/** The suffix of a role that Identity Center makes. */
export function newRoleSuffix(): string {
  return randomBytes(8).toString('hex')
}

function toPem({ publicKey, privateKey }: KeyPairKeyObjectResult): PemPair {
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

function newSecretKey(): string {
  return randomBytes(30).toString('base64')
}

function letters(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('')
}
