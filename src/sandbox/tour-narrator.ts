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
  /** Asks again and again until there is an answer; throws when it takes too long. */
  until<Value>(what: string, ask: () => Promise<Value | undefined>): Promise<Value>
}

const PATIENCE_MS = 20_000
const ASK_AGAIN_AFTER_MS = 100

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
    async until(what, ask) {
      waiting(`waiting for ${what}`)
      const deadline = performance.now() + PATIENCE_MS
      for (;;) {
        const answer = await ask()
        if (answer !== undefined) return answer
        if (performance.now() > deadline)
          throw new TourFailed(`waited ${PATIENCE_MS / 1000} s in vain for ${what}`)
        await sleep(ASK_AGAIN_AFTER_MS)
      }
    },
  }
}

/** Goes on only where the tour saw what it expected. */
export function expected(holds: boolean, expectation: string, seen: unknown): asserts holds {
  if (holds) return
  const words = typeof seen === 'string' ? seen : JSON.stringify(seen)
  throw new TourFailed(`expected: ${expectation}; seen: ${words}`)
}
