#!/usr/bin/env node
/** The command `daypass`. */
import { CommanderError } from 'commander'
import { EXIT } from './failure.ts'
import { reportFailure } from './output.ts'
import { createProgram } from './program.ts'

// The SDK's word on the future of Node 20 is nothing that whoever asks for a bucket can act on.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

// Whoever reads only the beginning (`daypass audit | head`) has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done)
  throw error
})

const program = createProgram((code) => {
  process.exitCode = code
})
for (const command of [program, ...program.commands]) command.exitOverride().showHelpAfterError('See --help.')

try {
  await program.parseAsync()
} catch (error) {
  // Commander has said already what it did not understand, or shown its help.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage
  else process.exitCode = reportFailure(error, { json: program.opts<{ json?: true }>().json === true })
}
