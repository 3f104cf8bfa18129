/** What people are told of a CODEOWNERS file that GitHub does not take as it is written. */
import type { Codeowners, CodeownersError } from './codeowners.ts'
import { bounded, type Mistake, type Problem } from './problem.ts'
import { quote } from './text.ts'

export function codeownersProblems(file: string, { errors, errorsInAll }: Codeowners): readonly Problem[] {
  const problemOf = (error: CodeownersError): Problem => {
    const { line, column } = error
    return { file, line, column, ...mistakeOf(error) }
  }
  return bounded(errors, problemOf, errorsInAll)
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
