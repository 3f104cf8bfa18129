/** Which token goes to which host: a clone's remote may name any, and whoever handed the clone over chose it. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { findToken } from '../../src/cli/github.ts'

const TOKENS = ['GITHUB_TOKEN', 'GH_TOKEN', 'GH_ENTERPRISE_TOKEN', 'GITHUB_ENTERPRISE_TOKEN']

/** Like the real one: a token of the environment is given out for any host, another for those that it keeps one for. */
const GH = `#!/bin/sh
for token in "$GH_ENTERPRISE_TOKEN" "$GITHUB_ENTERPRISE_TOKEN" "$GH_TOKEN" "$GITHUB_TOKEN"; do
  [ -n "$token" ] && echo "$token" && exit 0
done
[ "$4" = kept.example.com ] && echo kept && exit 0
exit 1
`

let bin: string
beforeAll(async () => {
  bin = await mkdtemp(join(tmpdir(), 'daypass-gh-'))
  await writeFile(join(bin, 'gh'), GH)
  await chmod(join(bin, 'gh'), 0o755)
})
afterAll(() => rm(bin, { recursive: true }))

beforeEach(() => {
  for (const name of [...TOKENS, 'GH_HOST']) vi.stubEnv(name, undefined)
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
})
afterEach(() => vi.unstubAllEnvs())

const tokenFor = (host: string, isNamed = false) => {
  const url = `https://${host}`
  // Where its API is decides nothing here.
  return findToken({ url, apiUrl: url, owner: 'acme', repo: 'access', isNamed } as Parameters<
    typeof findToken
  >[0])
}

test.each(TOKENS)('%s goes to no host that only the remote of a clone names', async (name) => {
  vi.stubEnv(name, 'secret')
  await expect(tokenFor('evil.example.com')).rejects.toMatchObject({
    message: 'Nobody is signed in to evil.example.com.',
    fix: `${name} is not sent to evil.example.com unless it is named: add --github-url https://evil.example.com.`,
  })
})

test.each(TOKENS)('%s goes to a host that was named', async (name) => {
  vi.stubEnv(name, 'secret')
  expect(await tokenFor('github.example.com', true)).toBe('secret')
  vi.stubEnv('GH_HOST', 'GitHub.Example.com')
  expect(await tokenFor('github.example.com')).toBe('secret')
  await expect(tokenFor('evil.example.com')).rejects.toThrow('Nobody is signed in')
})

test('what gh keeps for a host goes there, and not what the environment has for another', async () => {
  vi.stubEnv('GH_ENTERPRISE_TOKEN', 'secret')
  expect(await tokenFor('kept.example.com')).toBe('kept')
})

test('a host of one’s own gets the token for such hosts first, github.com never', async () => {
  vi.stubEnv('GITHUB_TOKEN', 'public')
  vi.stubEnv('GH_ENTERPRISE_TOKEN', 'own')
  expect(await tokenFor('github.example.com', true)).toBe('own')
  expect(await tokenFor('github.com')).toBe('public')
  vi.stubEnv('GITHUB_TOKEN', undefined)
  await expect(tokenFor('github.com')).rejects.toMatchObject({
    fix: 'Set GITHUB_TOKEN, or sign in with `gh auth login`.',
  })
})
