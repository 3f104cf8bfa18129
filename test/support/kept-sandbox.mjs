// A sandbox without an app, in a process of its own, for tests that kill it: run with the folder it keeps its world in.
import { startSandbox } from '../../dist/sandbox/sandbox.js'

const { ready } = await startSandbox({ dataDir: process.argv[2] })
console.log(JSON.stringify(ready))
