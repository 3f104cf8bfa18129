/** A process that runs the built app time and again, one at a time: by the second time its code is warm. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../../dist/app.js'
import { readConfig } from '../../dist/config.js'
import { answer, enter } from './host.mjs'

/** For the last lines of the log, which go through a stream of their own. */
const LOGGED_WITHIN_MS = 5

let app

async function start(order) {
  enter(order)
  const config = readConfig(process.env, { read: (path) => readFileSync(path, 'utf8'), prepare() {} })
  if (!config.ok) throw new Error(JSON.stringify(config.problems))
  return startApp(config.value)
}

async function end() {
  const { stop } = await app
  await stop()
}

async function leave() {
  await end()
  await sleep(LOGGED_WITHIN_MS)
  answer('left')
}

/** As the process of its own would end. */
function fail(error) {
  console.error(error)
  process.exit(1)
}

process.on('message', (order) => {
  if (order === 'leave') return leave().catch(fail)
  if (order === 'end') return end().then(() => process.exit(0), fail)
  app = start(order)
  app.catch(fail)
})
