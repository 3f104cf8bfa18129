/** Questions to the person at the terminal; where nobody sits at one, none is asked. */
import { createInterface } from 'node:readline/promises'
import { EXIT, Failure } from './failure.ts'

export interface Ask {
  /** Asks until the answer is one that `check` takes; undefined from `check`: it is taken. */
  text(question: string, check: (answer: string) => string | undefined): Promise<string>
  yes(question: string): Promise<boolean>
  end(): void
}

/** Undefined where there is nobody to ask. */
export function createAsk({ json }: { readonly json: boolean }): Ask | undefined {
  if (json || !process.stdin.isTTY || !process.stderr.isTTY) return undefined
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const left = new AbortController()
  lines.on('close', () => left.abort())
  lines.on('SIGINT', () => lines.close())
  const question = (text: string) =>
    lines.question(`${text} `, { signal: left.signal }).catch((error: unknown) => {
      throw new Failure('Left without an answer; nothing was sent.', 'Run it again when you like.', {
        exitCode: EXIT.no,
        cause: error,
      })
    })
  return {
    async text(asked, check) {
      while (true) {
        const answer = (await question(asked)).trim()
        const complaint = check(answer)
        if (complaint === undefined) return answer
        process.stderr.write(`  ${complaint}\n`)
      }
    },
    yes: async (asked) => /^y(?:es)?$/i.test((await question(`${asked} [y/N]`)).trim()),
    end: () => lines.close(),
  }
}
