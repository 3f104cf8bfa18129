// A sandbox without an app, in a process of its own, that says what it costs: once when it is up, and at every line it is sent.
import { createInterface } from 'node:readline'
import { startSandbox } from '../../dist/sandbox/sandbox.js'

const tell = (more) =>
  console.log(JSON.stringify({ cpuMs: sum(process.cpuUsage()), rss: process.memoryUsage.rss(), ...more }))
const sum = ({ user, system }) => (user + system) / 1000

const { ready } = await startSandbox()
tell({ ready })
createInterface(process.stdin).on('line', () => tell())
