/** Runs in the app's process before the app: writes down its environment, so that a test can run another process in it. */
import { writeFileSync } from 'node:fs'

writeFileSync(process.env.WITNESS_TO, JSON.stringify(process.env))
