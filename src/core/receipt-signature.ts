/** Ed25519 signatures over receipts: deterministic, so that the same receipt is the same bytes from every replica. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

export interface Signature {
  readonly keyId: string
  readonly signature: Uint8Array
}

export type Sign = (bytes: Uint8Array) => Signature

/** Which key a signature names, and whether it holds; `unknown-key` where that key was not given. */
export type SignatureCheck = 'holds' | 'broken' | 'unknown-key'

const KEY_ID_CHARACTERS = 16
const WRITTEN = /^ed25519:([0-9a-f]{16}):([0-9a-f]{128})$/

export function ed25519Signer(privateKeyPem: string): Sign {
  const key = createPrivateKey(privateKeyPem)
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`The key for receipts must be an Ed25519 key, not ${key.asymmetricKeyType}`)
  const keyId = keyIdOf(createPublicKey(key))
  return (bytes) => ({ keyId, signature: sign(null, bytes, key) })
}

/** `ed25519:<key id>:<hex>`: hexadecimal, since Base64 may hold what GitHub takes for a link (`://`). */
export function formatSignature({ keyId, signature }: Signature): string {
  return `ed25519:${keyId}:${Buffer.from(signature).toString('hex')}`
}

/** By key id. */
export type PublicKeys = ReadonlyMap<string, KeyObject>

/** Throws where one is no Ed25519 key. */
export function readPublicKeys(pems: readonly string[]): PublicKeys {
  return new Map(
    pems.map((pem) => {
      const key = createPublicKey(pem)
      if (key.asymmetricKeyType !== 'ed25519')
        throw new Error(`The key of receipts is an Ed25519 key, not ${key.asymmetricKeyType}`)
      return [keyIdOf(key), key]
    }),
  )
}

export function checkSignature(bytes: Uint8Array, written: string, keys: PublicKeys): SignatureCheck {
  const found = findKey(written, keys)
  if (typeof found === 'string') return found
  return verify(null, bytes, found.key, found.signature) ? 'holds' : 'broken'
}

/** Which key a signature names; undefined where it is none. */
export function keyIdIn(written: string): string | undefined {
  return WRITTEN.exec(written)?.[1]
}

function findKey(
  written: string,
  keys: PublicKeys,
): { readonly key: KeyObject; readonly signature: Uint8Array } | 'broken' | 'unknown-key' {
  const [, keyId, hex] = WRITTEN.exec(written) ?? []
  if (keyId === undefined || hex === undefined) return 'broken'
  const key = keys.get(keyId)
  return key === undefined ? 'unknown-key' : { key, signature: Buffer.from(hex, 'hex') }
}

function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('hex').slice(0, KEY_ID_CHARACTERS)
}
