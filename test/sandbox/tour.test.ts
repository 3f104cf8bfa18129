import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommand } from '../../src/sandbox/app-process.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { playTour } from '../../src/sandbox/tour.ts'

const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url))

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({ app: runCommand(process.execPath, [SERVER]) })
})

afterAll(() => sandbox.close())

test('plays the whole path in under a minute', { timeout: 90_000 }, async () => {
  const lines: string[] = []
  const started = performance.now()

  await playTour(sandbox.ready, (line) => lines.push(line))

  expect(performance.now() - started).toBeLessThan(60_000)
  const told = lines.filter((line) => line.startsWith('  ✓')).join('\n')
  expect(told).toMatch(/alice asks S3.*AccessDenied/)
  expect(told).toMatch(/the check succeeds/)
  expect(told).toMatch(/the app refuses: [a-z-]+/)
  expect(told).toMatch(/reads answered, the last begun \d+ ms before the end/)
  expect(told).toMatch(/IAM has no role/)
  expect(told).toMatch(/merged by the app/)
})

test('ends at the first thing that is not as it should be', async () => {
  const { ready } = sandbox
  const keys = { ...ready.aws.keys, alice: { accessKeyId: '', secretAccessKey: '', ...ready.aws.keys.root } }
  const lines: string[] = []

  const played = playTour({ ...ready, aws: { ...ready.aws, keys } }, (line) => lines.push(line))

  await expect(played).rejects.toThrow('expected: alice can read nothing yet; seen: {"kind":"allowed"')
  expect(lines).toEqual(['\nBefore'])
})
