/** The answer to one HTTP request: sent once, or by order never, late, or lost on its way. */
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault, Trouble } from './faults.ts'

/** A fault that is an answer all the same: each service refuses in its own words. */
export type OrderedRefusal = Extract<Fault, { kind: 'status' | 'throttle' | 'secondary-limit' }>

/** Thrown once the connection is gone: there is nobody left to answer. */
export class Gone extends Error {
  constructor() {
    super('the connection was ended by order')
  }
}

export class Reply {
  readonly #response: ServerResponse
  #isLost = false

  constructor(response: ServerResponse) {
    this.#response = response
  }

  /** The status that went out; 0 where none did. */
  get status(): number {
    return this.#response.headersSent ? this.#response.statusCode : 0
  }

  onClose(listener: () => void): void {
    this.#response.once('close', listener)
  }

  send(status: number, headers: Readonly<Record<string, string>>, body?: string | Buffer): void {
    const isHead = this.#response.req.method === 'HEAD'
    if (this.#isLost) this.cut()
    else this.#response.writeHead(status, headers).end(isHead ? undefined : body)
  }

  /** Resets the connection, where it is still there. */
  cut(): void {
    this.#response.socket?.resetAndDestroy()
  }

  /** Lets trouble happen that needs no knowledge of the service; what is left is a refusal to be put in its words. */
  async undergo({ delayMs, fault }: Trouble): Promise<OrderedRefusal | undefined> {
    if (delayMs > 0) await this.#wait(delayMs)
    switch (fault?.kind) {
      case 'timeout':
        await this.#wait(fault.ms)
        this.cut()
        throw new Gone()
      case 'reset':
        this.cut()
        throw new Gone()
      case 'answer-lost':
        this.#isLost = true
        return undefined
      default:
        return fault
    }
  }

  /** A caller that hangs up in the meantime gets nothing done any more. */
  async #wait(ms: number): Promise<void> {
    const hungUp = new AbortController()
    const abort = () => hungUp.abort()
    this.#response.once('close', abort)
    try {
      await sleep(ms, undefined, { signal: hungUp.signal })
    } catch {
      throw new Gone()
    } finally {
      this.#response.off('close', abort)
    }
  }
}
