/** The little HTTP that the sandbox's servers share: listen on loopback, read a capped body, answer, close. */
import { randomInt } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'

/** The interface every sandbox server listens on; nothing outside this machine may reach it. */
export const LOOPBACK = '127.0.0.1'

export interface RunningServer {
  readonly url: string
  close(): Promise<void>
}

/** Listens on loopback; port 0 takes any free one. */
export async function listen(listener: RequestListener, port = 0): Promise<RunningServer> {
  const server = createServer(listener)
  // A connection that the server ends for being idle may be one that a client is just asking over again.
  server.keepAliveTimeout = 0
  await bind(server, port)
  return { url: `http://${LOOPBACK}:${portOf(server)}`, close: () => close(server) }
}

/** Below those that systems give to outgoing connections: one of them could take it before the child listens. */
const PORTS = { first: 20_000, beyond: 32_768 }

/** A port nobody listens on, for a child that must be told its port beforehand: the wished one, where it is free. */
export async function freePort(wished = randomInt(PORTS.first, PORTS.beyond)): Promise<number> {
  const server = createServer()
  try {
    await bind(server, wished)
  } catch (error) {
    const isTaken =
      error instanceof Error && 'code' in error && /^(EADDRINUSE|EACCES)$/.test(String(error.code))
    if (isTaken) return freePort()
    throw error
  }
  await close(server)
  return wished
}

export class BodyTooLarge extends Error {}

export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > limitBytes) throw new BodyTooLarge(`body over ${limitBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function bind(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, LOOPBACK, resolve)
  })
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
}
