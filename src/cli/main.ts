#!/usr/bin/env node
/** The command `daypass`. */
import { EXIT } from './failure.ts'
import { run } from './run.ts'

// The SDK's word on the future of Node 20 is nothing that whoever asks for a bucket can act on.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

// Whoever reads only the beginning (`daypass audit | head`) has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done)
  throw error
})

process.exitCode = await run(process.argv.slice(2))
