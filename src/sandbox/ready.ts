/** The ready file: where everything of a running sandbox is found, and the keys to use it with. */
import { randomBytes } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'

export interface ReadyFile {
  readonly github: {
    readonly url: string
    /** Full name of the protected access repository. */
    readonly repository: string
    /** Full name of the one without any branch rules. */
    readonly unprotected: string
    /** Personal tokens by login. */
    readonly tokens: Readonly<Record<string, string>>
  }
  readonly aws: {
    readonly endpoint: string
    readonly region: string
    readonly accounts: Readonly<Record<string, { readonly id: string }>>
    /** By login. */
    readonly keys: Readonly<Record<string, AwsKeys>>
  }
  readonly app: {
    readonly url: string
    /** PEM; what `daypass audit --key` checks receipts with. */
    readonly receiptPublicKey: string
  }
  readonly control: { readonly url: string }
}

export interface AwsKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** Whoever waits for the file never sees half of it, and nobody else on the machine can read its secrets. */
export async function writeReadyFile(path: string, ready: ReadyFile): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.part`
  try {
    await writeFile(draft, `${JSON.stringify(ready, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
