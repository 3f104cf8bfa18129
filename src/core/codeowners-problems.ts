/** What people are told of a CODEOWNERS file that GitHub does not take as it is written. */
import type { Codeowners, CodeownersError } from './codeowners.ts'
import type { Mistake, Problem } from './problem.ts'
import { quote } from './text.ts'

export function codeownersProblems(file: string, { errors }: Codeowners): Problem[] {
  return errors.map((error) => ({ file, line: error.line, column: error.column, ...mistakeOf(error) }))
}

/** GitHub's own message repeats the whole line, which may be of any length and hold anything. */
function mistakeOf({ kind, message, word = '' }: CodeownersError): Mistake {
  const skipped = 'GitHub skips this line, so what it was meant for has another owner or none'
  switch (kind) {
    case 'Invalid pattern':
      return {
        code: 'codeowners-pattern',
        message: `${quote(word)} is no pattern that GitHub takes. ${skipped}.`,
        fix: 'Write a path such as `/docs/` or `*.md`, without `!`, `[`, `]` and `***`.',
      }
    case 'Invalid owner':
      return {
        code: 'codeowners-owner',
        message: `${quote(word)} can't be an owner. ${skipped}.`,
        fix: 'Write `@login`, `@organisation/team` or an e-mail address.',
      }
    case 'File too large':
      return {
        code: 'codeowners-too-large',
        message: `${message}.`,
        fix: 'Shorten it: one line can own a whole folder.',
      }
  }
}
