/** The app's line to both clouds: counts its calls, and ends the app after one of them or loses the answer of one. */
import type { STSClientConfig } from '@aws-sdk/client-sts'

/** Counted from 1. */
export type Mishap =
  | { readonly kind: 'none' }
  /** Killed: after this call nothing leaves the app any more, and nothing reaches it. Unheard: it is done, and the app never learns it. */
  | { readonly kind: 'killed' | 'unheard'; readonly call: number }

export interface Line {
  /** What is to happen, counted from now on. */
  await(mishap: Mishap): void
  /** What was called since, such as `PUT /repos/acme/access/pulls/2/merge` and `POST iam:CreateRole`. */
  readonly calls: readonly string[]
  /** Resolves once the app is dead, and what it asked for before is done. */
  readonly dead: Promise<void>
  readonly fetch: typeof fetch
  readonly awsHandler: NonNullable<STSClientConfig['requestHandler']>
}

/** What the SDK hands over to be sent. */
interface Signed {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export function createLine(): Line {
  let mishap: Mishap = { kind: 'none' }
  let calls: string[] = []
  let open = 0
  let struck = false
  let die = () => {}
  const dead = new Promise<void>((resolve) => {
    die = resolve
  })
  const never = new Promise<never>(() => {})
  const isDead = () => mishap.kind === 'killed' && struck

  async function carry(name: string, call: () => Promise<Response>): Promise<Response> {
    if (mishap.kind === 'killed' && calls.length >= mishap.call) {
      struck = true
      if (open === 0) die()
      return never
    }
    const own = calls.push(name)
    open += 1
    try {
      const answer = await call()
      if (mishap.kind === 'unheard' && own === mishap.call) {
        await answer.arrayBuffer()
        struck = true
        throw new TypeError('fetch failed', { cause: new Error('the connection was reset') })
      }
      return isDead() ? never : answer
    } finally {
      open -= 1
      if (open === 0 && isDead()) die()
    }
  }

  return {
    await(next) {
      mishap = next
      calls = []
      struck = false
    },
    get calls() {
      return calls
    },
    dead,
    fetch: (url, options) => carry(`${options?.method} ${pathOf(String(url))}`, () => fetch(url, options)),
    awsHandler: {
      async handle({ protocol, hostname, port, path, method, headers, body }: Signed) {
        const { host: _, ...sent } = headers
        const url = `${protocol}//${hostname}:${port}${path}`
        const [, action] = /^Action=(\w+)/.exec(body ?? '') ?? []
        const send = () => fetch(url, { method, headers: sent, ...(body !== undefined && { body }) })
        const answer = await carry(`${method} ${action}`, send)
        const told = Object.fromEntries(answer.headers)
        return { response: { statusCode: answer.status, headers: told, body: answer.body } }
      },
    },
  }
}

function pathOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname).replace(/^\/api\/v3/, '')
}
