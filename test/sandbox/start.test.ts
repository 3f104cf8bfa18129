/** `npm start` with what it can't do: told in a line, before anything is started. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { listen } from '../../src/sandbox/http.ts'
import { runProcess } from '../cli/run-cli.ts'

const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url))

test.each([
  ['an option that does not exist', ['--bogus'], {}, "Unknown option '--bogus'."],
  ['an argument', ['now'], {}, "Unexpected argument 'now'."],
  ['a port that is none', ['--aws-port', 'x'], {}, '--aws-port takes a port from 0 to 65535, not x.'],
  [
    'one from the environment',
    [],
    { SANDBOX_APP_PORT: '65536' },
    'SANDBOX_APP_PORT takes a port from 0 to 65535, not 65536.',
  ],
  [
    'a ready file that can not be',
    ['--ready-file', '/nowhere/ready.json'],
    {},
    "--ready-file /nowhere/ready.json can't be written",
  ],
])('refuses %s, and says where help is', async (_, args, env, expected) => {
  const { code, stdout, stderr } = await runProcess(process.execPath, [SERVER, ...args], {
    cwd: '/tmp',
    env,
  })

  expect(code).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toContain(expected)
  expect(stderr.trim().split('\n')).toHaveLength(2)
  expect(stderr).toContain('See npm start -- --help.')
})

test('says which port another program has, and ends', async () => {
  const other = await listen(() => {})
  const { port } = new URL(other.url)
  try {
    const { code, stderr } = await runProcess(process.execPath, [SERVER, '--no-tour', '--aws-port', port], {
      cwd: '/tmp',
    })

    expect(code).toBe(1)
    expect(stderr.trim()).toBe(
      `Can't listen on 127.0.0.1 port ${port}: another program listens there.\nChoose another: PORT for the app; of the sandbox see npm start -- --help.`,
    )
  } finally {
    await other.close()
  }
})
