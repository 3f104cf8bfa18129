/** Tells the tour line by line, and ends it at the first thing that isn't as it should be. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Something in the tour was not as it should be. */
export class TourFailed extends Error {
  override readonly name = 'TourFailed'
}

export interface Narrator {
  chapter(title: string): void
  /** Said only of what a call has just shown. */
  shown(fact: string): void
  /** Words of somebody else, such as a comment or a file. */
  quote(text: string): void
  waiting(what: string): void
  /** Looks again and again until it is found; throws with what was seen last when that takes too long. */
  until<Value>(what: string, look: () => Promise<Look<Value>>): Promise<Value>
}

export type Look<Value> =
  | { readonly kind: 'found'; readonly value: Value }
  | { readonly kind: 'not-yet'; readonly seen: unknown }

export function found<Value>(value: Value): Look<Value> {
  return { kind: 'found', value }
}

export function notYet(seen: unknown): Look<never> {
  return { kind: 'not-yet', seen }
}

const PATIENCE_MS = 20_000
const LOOK_AGAIN_AFTER_MS = 100

export function createNarrator(print: (line: string) => void, colour: boolean): Narrator {
  const paint = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  const [bold, dim, green] = [paint(1), paint(2), paint(32)]
  const waiting = (what: string) => print(dim(`  … ${what}`))
  return {
    chapter: (title) => print(`\n${bold(title)}`),
    shown: (fact) => print(`  ${green('✓')} ${fact}`),
    quote(text) {
      for (const line of text.trimEnd().split('\n')) print(`      ${dim(line)}`)
    },
    waiting,
    async until(what, look) {
      waiting(`waiting for ${what}`)
      const deadline = performance.now() + PATIENCE_MS
      for (;;) {
        const looked = await look()
        if (looked.kind === 'found') return looked.value
        expected(performance.now() < deadline, `${what} within ${PATIENCE_MS / 1000} s`, looked.seen)
        await sleep(LOOK_AGAIN_AFTER_MS)
      }
    },
  }
}

/** Goes on only where the tour saw what it expected. */
export function expected(holds: boolean, expectation: string, seen: unknown): asserts holds {
  if (holds) return
  const words = typeof seen === 'string' ? seen : (JSON.stringify(seen) ?? 'nothing')
  throw new TourFailed(`expected: ${expectation}; seen: ${words}`)
}
