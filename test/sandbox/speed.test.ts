import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { GetRoleCommand } from '@aws-sdk/client-iam'
import { expect, test } from 'vitest'
import { startAws } from '../../src/sandbox/aws/server.ts'
import { createCallLog } from '../../src/sandbox/calls.ts'
import { createClock } from '../../src/sandbox/clock.ts'
import { startGitHub } from '../../src/sandbox/github/server.ts'
import type { ReadyFile } from '../../src/sandbox/ready.ts'
import { newSecrets } from '../../src/sandbox/seed.ts'
import { awsSeed } from '../../src/sandbox/seed-aws.ts'
import { gitHubSeed } from '../../src/sandbox/seed-github.ts'
import { createPeople } from '../../src/sandbox/tour-people.ts'

/**
 * Bounds are on the time a processor worked, and on the best of several runs: whatever else the machine does only ever
 * adds to it. A crowded processor also works more slowly; how much, a bare Node shows, whose start takes some 40 ms of
 * one that is free.
 */
const BARE_NODE_MS = 50
const slowness = Math.max(1, Math.min(bareNode(), bareNode(), bareNode()) / BARE_NODE_MS)

function bareNode(): number {
  const print = 'const { user, system } = process.cpuUsage(); console.log((user + system) / 1000)'
  return Number(execFileSync(process.execPath, ['-e', print], { encoding: 'utf8' }))
}

const MEASURED = fileURLToPath(new URL('../support/measured-sandbox.mjs', import.meta.url))
const CALLS = process.env.FULL ? 10_000 : 1_000

test('a fresh world takes a test less than 50 ms: GitHub with two repositories, AWS with three accounts', async () => {
  const secrets = await newSecrets()
  const [hub = '', account = ''] = await Promise.all(
    ['hub', 'account'].map((name) => readFile(`deploy/${name}.yaml`, 'utf8')),
  )
  const took: number[] = []
  for (let run = 0; run < 9; run += 1) {
    const dataDir = await mkdtemp(join(tmpdir(), 'daypass-speed-'))
    const before = process.cpuUsage()
    const around = { clock: createClock(), calls: createCallLog() }
    const seed = gitHubSeed(secrets, { permissions: {}, events: [] })
    const github = await startGitHub({ ...around, seed, dataDir, webhookUrl: () => undefined })
    const aws = await startAws({ ...around, seed: awsSeed(secrets, { hub, account }) })
    const { user, system } = process.cpuUsage(before)
    took.push((user + system) / 1000)
    await Promise.all([github.close(), aws.close()])
    await rm(dataDir, { recursive: true })
  }
  expect(Math.min(...took)).toBeLessThan(50 * slowness)
})

interface Cost {
  readonly cpuMs: number
  /** In bytes. */
  readonly rss: number
}

/** In a process of its own; it ends with `end`. */
async function startMeasured() {
  const child = spawn(process.execPath, [MEASURED], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)
  const next = async () => JSON.parse(String((await once(lines, 'line'))[0]))
  const start: Cost & { readonly ready: ReadyFile } = await next()
  return {
    start,
    ask(): Promise<Cost> {
      child.stdin.write('\n')
      return next()
    },
    async end() {
      child.kill('SIGTERM')
      await once(child, 'close')
    },
  }
}

test('is up with less than a second of work', async () => {
  const took: number[] = []
  while (took.length < 3) {
    const sandbox = await startMeasured()
    took.push(sandbox.start.cpuMs)
    await sandbox.end()
  }
  expect(Math.min(...took)).toBeLessThan(1_000 * slowness)
})

test(`keeps below 150 MB over ${CALLS} calls`, async () => {
  const sandbox = await startMeasured()
  try {
    await call(sandbox.start.ready, CALLS)

    expect((await sandbox.ask()).rss).toBeLessThan(150 * 1024 * 1024)
  } finally {
    await sandbox.end()
  }
}, 600_000)

/** As an app at work: mostly reads, some of AWS, and one write in twenty. */
async function call(ready: ReadyFile, calls: number): Promise<void> {
  const agent = new Agent({ keepAlive: true })
  const root = createPeople(ready).iam('root')
  const api = `${ready.github.url}/api/v3/repos/${ready.github.unprotected}`
  const headers = { authorization: `Bearer ${ready.github.tokens.root}`, 'content-type': 'application/json' }
  const reads = [
    '',
    '/pulls',
    '/git/ref/heads/main',
    '/contents/README.md',
    '/issues?per_page=100',
    '/commits',
  ]
  await send('POST', `${api}/issues`, { title: 'Talk' })

  function send(method: string, url: string, body?: object): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = request(url, { method, agent, headers }, (answer) => {
        answer.resume()
        answer.once('end', () => {
          if ((answer.statusCode ?? 500) < 300) resolve()
          else reject(new Error(`${method} ${url}: ${answer.statusCode}`))
        })
      })
      sent.once('error', reject)
      sent.end(body && JSON.stringify(body))
    })
  }

  for (let done = 1; done < calls; done += 10) {
    const batch = Array.from({ length: Math.min(10, calls - done) }, (_, index) => {
      const number = done + index
      if (number % 20 === 0) return send('POST', `${api}/issues/1/comments`, { body: `Comment ${number}` })
      if (number % 25 === 0) return root.send(new GetRoleCommand({ RoleName: 'DaypassAccountRole' }))
      return send('GET', api + reads[number % reads.length])
    })
    await Promise.all(batch)
  }
  agent.destroy()
  root.destroy()
}
