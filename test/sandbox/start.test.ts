/** `npm start` with what it can't do: told in a line, before anything is started. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runProcess } from '../cli/run-cli.ts'

const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url))

/** A setting of AWS would keep the sandbox from starting. */
const NOTHING_REAL = { AWS_EC2_METADATA_DISABLED: '' }

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
    env: { ...NOTHING_REAL, ...env },
  })

  expect(code).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toContain(expected)
  expect(stderr.trim().split('\n')).toHaveLength(2)
  expect(stderr).toContain('See npm start -- --help.')
})
