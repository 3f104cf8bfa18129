/** One command, from what was typed to what it exits with. */
import { CommanderError } from 'commander'
import { EXIT, type ExitCode } from './failure.ts'
import { reportFailure } from './output.ts'
import { createProgram } from './program.ts'

export async function run(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.done
  const program = createProgram((said) => {
    code = said
  })
  for (const command of [program, ...program.commands])
    command.exitOverride().showHelpAfterError('See --help.')
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    // Commander has said already what it did not understand, or shown its help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    return reportFailure(error, { json: program.opts<{ json?: true }>().json === true })
  }
}
