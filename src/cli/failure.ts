/** What a command ends with when it can't do what it was asked: what happened, where, and how to mend it. */

/** What `daypass` exits with; docs/cli.md tells people the same. */
export const EXIT = {
  done: 0,
  /** The answer is no: problems were found, or there is nothing of the kind. */
  no: 1,
  /** The command was not understood. */
  usage: 2,
  /** Something outside failed: git, GitHub, AWS, a file. */
  failed: 3,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export class Failure extends Error {
  override readonly name = 'Failure'
  readonly fix: string
  readonly exitCode: ExitCode

  constructor(
    what: string,
    fix: string,
    { exitCode = EXIT.failed, cause }: { readonly exitCode?: ExitCode; readonly cause?: unknown } = {},
  ) {
    super(what, { cause })
    this.fix = fix
    this.exitCode = exitCode
  }
}

/** The first line of whatever was thrown. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n')[0]?.trim() ?? ''
}

/** Why IAM told nothing, to somebody with credentials of their own or none; without a full stop. */
export function withoutIam(error: unknown): string {
  const isAnswer =
    error instanceof Error &&
    (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode !==
      undefined
  return `${isAnswer ? 'IAM did not tell' : 'IAM was not asked'}: ${reasonOf(error).replace(/\.$/, '')}`
}
