/** Stands between the command line and the sandbox's GitHub, and says more than that of check runs: the sandbox knows of one app only. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Check } from '../support/world.ts'

export interface Between {
  readonly url: string
  close(): Promise<void>
}

/** `others`: check runs that GitHub would list too, made from one that is there; they are newer than all others. */
export async function startBetween(
  github: string,
  others: (run: Check) => readonly Check[],
): Promise<Between> {
  const server = createServer(async (request, response) => {
    const target = new URL(request.url ?? '', github)
    const answer = await fetch(target, { ...(await sent(request)), headers: headersOf(request) })
    const body = Buffer.from(await answer.arrayBuffer())
    const isChecks = target.pathname.endsWith('/check-runs')
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    response.end(isChecks ? withOthers(body, target.searchParams, others) : body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function sent(request: IncomingMessage): Promise<RequestInit> {
  const method = request.method ?? 'GET'
  const body = Buffer.concat(await request.toArray())
  return { method, ...(body.length > 0 && { body }) }
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const names = ['authorization', 'accept', 'content-type']
  return Object.fromEntries(
    names.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])),
  )
}

/** GitHub's `latest` is the newest of each name and app. */
function withOthers(body: Buffer, query: URLSearchParams, others: (run: Check) => readonly Check[]): string {
  const { check_runs } = JSON.parse(body.toString()) as { readonly check_runs: readonly Check[] }
  const all = [...check_runs, ...check_runs.flatMap(others)]
  const latest = [...new Map(all.map((run) => [`${run.name} ${run.app?.id}`, run])).values()]
  const shown = (query.get('filter') === 'all' ? all : latest).toReversed()
  return JSON.stringify({ total_count: shown.length, check_runs: shown })
}
