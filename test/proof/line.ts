/** The app's line to both clouds: counts its calls, and ends the app after one of them or loses the answer of one. */
import { setImmediate as breathe } from 'node:timers/promises'
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
  /** Resolves once no call is under way. */
  quiet(): Promise<void>
  readonly fetch: typeof globalThis.fetch
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

const DEAD = 'the app was killed'

export function createLine(fetch: typeof globalThis.fetch): Line {
  let mishap: Mishap = { kind: 'none' }
  let calls: string[] = []
  let open = 0
  let isDead = false

  async function carry(name: string, call: () => Promise<Response>): Promise<Response> {
    if (mishap.kind === 'killed' && calls.length >= mishap.call) isDead = true
    if (isDead) throw new Error(DEAD)
    const own = calls.push(name)
    open += 1
    try {
      const answer = await call()
      // Whatever of it is still asleep may wake up and go on: nothing comes of it any more.
      if (isDead) throw new Error(DEAD)
      if (mishap.kind !== 'unheard' || own !== mishap.call) return answer
      await answer.arrayBuffer()
      throw new TypeError('fetch failed', { cause: new Error('the connection was reset') })
    } finally {
      open -= 1
    }
  }

  return {
    await(next) {
      mishap = next
      calls = []
    },
    get calls() {
      return calls
    },
    async quiet() {
      while (open > 0) await breathe()
    },
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
