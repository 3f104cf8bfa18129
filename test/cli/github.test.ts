import { afterEach, describe, expect, test, vi } from 'vitest'
import { findPlace, findToken } from '../../src/cli/github.ts'

const NAMES = [
  'GITHUB_SERVER_URL',
  'GITHUB_API_URL',
  'GITHUB_TOKEN',
  'GH_TOKEN',
  'GH_ENTERPRISE_TOKEN',
] as const
type Settings = Readonly<Partial<Record<(typeof NAMES)[number] | 'GITHUB_ENTERPRISE_TOKEN' | 'PATH', string>>>

afterEach(() => {
  vi.unstubAllEnvs()
})

function placeUnder(settings: Settings, githubUrl?: string) {
  for (const name of NAMES) vi.stubEnv(name, settings[name])
  return findPlace(undefined, { repository: 'acme/access', ...(githubUrl !== undefined && { githubUrl }) })
}

describe('the address of GitHub', () => {
  test.each<[string, Settings, string | undefined, string, string]>([
    ['by itself', {}, undefined, 'https://github.com', 'https://api.github.com'],
    [
      'of a server',
      {},
      'https://git.example.com',
      'https://git.example.com',
      'https://git.example.com/api/v3',
    ],
    ['with data residency', {}, 'https://acme.ghe.com', 'https://acme.ghe.com', 'https://api.acme.ghe.com'],
    [
      'by the variable of its API',
      { GITHUB_API_URL: 'https://api.acme.ghe.com/' },
      undefined,
      'https://acme.ghe.com',
      'https://api.acme.ghe.com',
    ],
    [
      'with an API elsewhere below it',
      {
        GITHUB_SERVER_URL: 'https://git.example.com',
        GITHUB_API_URL: 'https://git.example.com/proxy/api/v3/',
      },
      undefined,
      'https://git.example.com',
      'https://git.example.com/proxy/api/v3',
    ],
    [
      "that is named, whatever another one's API is",
      { GITHUB_API_URL: 'https://api.github.com' },
      'https://git.example.com',
      'https://git.example.com',
      'https://git.example.com/api/v3',
    ],
    [
      'where a variable is empty',
      { GITHUB_SERVER_URL: '', GITHUB_API_URL: '' },
      undefined,
      'https://github.com',
      'https://api.github.com',
    ],
  ])('%s', async (_, settings, githubUrl, url, apiUrl) => {
    expect(await placeUnder(settings, githubUrl)).toMatchObject({ url, apiUrl })
  })

  test.each(['http://api.example.com', 'http://api.localhost', 'ftp://x', 'api.github.com'])(
    'is no API in the clear, or of another kind: %s',
    async (GITHUB_API_URL) => {
      await expect(placeUnder({ GITHUB_API_URL })).rejects.toMatchObject({
        message: `${GITHUB_API_URL} is no address of a GitHub.`,
        exitCode: 2,
      })
    },
  )
})

test('a token for github.com goes to the API of another host only where that one is named', async () => {
  vi.stubEnv('PATH', '')
  const named = await placeUnder({ GITHUB_API_URL: 'https://api.acme.ghe.com', GITHUB_TOKEN: 'token' })
  const remote = { ...named, isNamed: false }

  expect(await findToken(named)).toBe('token')
  await expect(findToken(remote)).rejects.toThrow('Nobody is signed in to acme.ghe.com.')
})
