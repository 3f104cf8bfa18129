/** Checks a great many signatures on every core, beside what else is to be done; and is itself what runs there. */
import { availableParallelism } from 'node:os'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Signed } from '../../core/receipt.ts'
import {
  checkSignature,
  type PublicKeys,
  readPublicKeys,
  type SignatureCheck,
} from '../../core/receipt-signature.ts'

export interface SignatureChecker {
  /** `take` hears the outcome before `end` resolves. */
  ask(signed: Signed, take: (check: SignatureCheck) => void): void
  /** Resolves when every outcome was heard. */
  end(): Promise<void>
}

/** So many are sent to a thread at once; fewer are checked right here, as a thread takes longer to start. */
const LOT = 500
const MOST_THREADS = 4
/** Marks a thread of this file's own. */
const KEYS = 'daypassSignatureKeys'

interface Asked {
  readonly signed: Signed
  readonly take: (check: SignatureCheck) => void
}

/** `onProgress` hears how many were checked so far. */
export function createSignatureChecker(
  keys: PublicKeys,
  onProgress: (done: number) => void,
): SignatureChecker {
  const threads: ReturnType<typeof startThread>[] = []
  const sent: Promise<void>[] = []
  let lot: Asked[] = []
  let done = 0

  function conclude(asked: readonly Asked[], checks: readonly SignatureCheck[]): void {
    for (const [index, { take }] of asked.entries()) take(checks[index] ?? 'broken')
    done += asked.length
    onProgress(done)
  }

  async function send(asked: readonly Asked[]): Promise<void> {
    const most = Math.min(availableParallelism(), MOST_THREADS)
    const thread = threads.length < most ? startThread(keys) : threads.shift()
    if (thread === undefined) return
    threads.push(thread)
    conclude(asked, await thread.check(asked.map(({ signed }) => signed)))
  }

  return {
    ask(signed, take) {
      if (lot.push({ signed, take }) < LOT) return
      const asked = lot
      lot = []
      const sending = send(asked)
      // Whoever waits for the end hears of a failure; until then nobody does.
      sending.catch(() => {})
      sent.push(sending)
    },
    async end() {
      const [asked, texts] = [lot, lot.map(({ signed }) => signed)]
      lot = []
      conclude(asked, checkAll(texts, keys))
      try {
        await Promise.all(sent)
      } finally {
        for (const { worker } of threads) void worker.terminate()
      }
    },
  }
}

function startThread(keys: PublicKeys) {
  const pems = [...keys.values()].map((key) => key.export({ type: 'spki', format: 'pem' }).toString())
  const worker = new Worker(new URL(import.meta.url), { workerData: { [KEYS]: pems } })
  const waiting: { take(checks: readonly SignatureCheck[]): void; fail(error: unknown): void }[] = []
  // It answers in the order of asking.
  worker.on('message', (checks: readonly SignatureCheck[]) => waiting.shift()?.take(checks))
  worker.on('error', (error) => {
    for (const { fail } of waiting.splice(0)) fail(error)
  })
  const check = (signed: readonly Signed[]) =>
    new Promise<readonly SignatureCheck[]>((take, fail) => {
      waiting.push({ take, fail })
      worker.postMessage(signed)
    })
  return { worker, check }
}

function checkAll(signed: readonly Signed[], keys: PublicKeys): readonly SignatureCheck[] {
  return signed.map(({ text, written }) => checkSignature(Buffer.from(text), written, keys))
}

function readThreadKeys(data: unknown): PublicKeys | undefined {
  if (isMainThread || typeof data !== 'object' || data === null || !(KEYS in data)) return undefined
  return readPublicKeys(data[KEYS] as readonly string[])
}

const threadKeys = readThreadKeys(workerData)
if (threadKeys !== undefined)
  parentPort?.on('message', (signed: readonly Signed[]) =>
    parentPort?.postMessage(checkAll(signed, threadKeys)),
  )
