import { generateKeyPairSync } from 'node:crypto'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeRepository, type Repository, runCli } from './run-cli.ts'

/** A clone, and beside it what somebody else would take for it. */
let clone: Repository

const RULES = `buckets:
  - account: prod
    bucket: customer-exports
    maxDuration: 4h
`

beforeAll(async () => {
  clone = await makeRepository({ 'README.md': '# Access\n' })
  clone.commit('Begin')
  await mkdir(join(clone.root, 'beside'))
  await symlink('.', join(clone.root, 'link'))
})
afterAll(() => clone.remove())

const from = (directory: string, ...args: string[]) =>
  runCli(['-C', directory, ...args], { cwd: join(clone.root, 'beside') })

test('-C is where every path is read from, and written to, as of git', async () => {
  const key = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' })
  await writeFile(join(clone.root, 'receipts.pub'), key)
  const { code, stderr } = await from(
    '..',
    ...['audit', '--key', 'receipts.pub', '--format', 'json', '--output', 'report.json'],
  )

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(await readFile(join(clone.root, 'report.json'), 'utf8'))).toMatchObject({ requests: [] })
})

test('-C may be a link, and paths below it are those of the clone', async () => {
  await clone.write('.github/daypass.yml', RULES)
  const rules = await from('../link', 'validate', '--rules', '.github/daypass.yml', '.github/daypass.yml')

  expect(rules.stderr).not.toContain('is not below')
  expect(rules.stdout).toContain('.github/daypass.yml')
})

test('-C has to be a directory', async () => {
  expect(await from('../nowhere', 'status')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("../nowhere can't be entered: ENOENT"),
  })
})
