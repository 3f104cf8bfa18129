/** `fetch` without a connection: hands each request to a server of this process, in Node's own HTTP objects. */
import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http'
import { Socket } from 'node:net'

/** `listeners`: by origin, such as `http://127.0.0.1:4321`. Follows no redirections. */
export function fetchInProcess(listeners: Readonly<Record<string, RequestListener>>): typeof fetch {
  return async (target, options = {}) => {
    const url = new URL(String(target))
    const listener = listeners[url.origin]
    if (listener === undefined) throw new TypeError(`nobody listens at ${url.origin}`)
    const { status, headers, body } = await exchange(listener, url, options)
    return new Response(body.length === 0 ? null : body, { status, headers })
  }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** A connection that the server cuts is an error, as it is on the wire. */
function exchange(
  listener: RequestListener,
  url: URL,
  { method, headers, body }: RequestInit,
): Promise<Answer> {
  const socket = new Socket()
  const request = new IncomingMessage(socket)
  request.method = method ?? 'GET'
  request.url = url.pathname + url.search
  request.headers.host = url.host
  for (const [name, value] of new Headers(headers)) request.headers[name] = value
  for (const [name, value] of Object.entries(request.headers)) request.headersDistinct[name] = [String(value)]
  if (body) request.push(body)
  request.push(null)
  request.complete = true
  return new Promise((resolve, reject) => {
    socket.once('error', (cause) => reject(new TypeError('fetch failed', { cause })))
    listener(request, Object.assign(new KeptResponse(request, resolve), { socket }))
  })
}

class KeptResponse extends ServerResponse<IncomingMessage> {
  readonly #resolve: (answer: Answer) => void
  #headers: Answer['headers'] = {}

  constructor(request: IncomingMessage, resolve: (answer: Answer) => void) {
    super(request)
    this.#resolve = resolve
  }

  override writeHead(status: number, headers?: unknown): this {
    this.#headers = headers as Answer['headers']
    return super.writeHead(status, this.#headers)
  }

  override write(): never {
    throw new Error('what is written in parts is not taken here')
  }

  override end(body?: unknown): this {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : '')
    this.#resolve({ status: this.statusCode, headers: this.#headers, body: bytes })
    this.emit('close')
    return this
  }
}
