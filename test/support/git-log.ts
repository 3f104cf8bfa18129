/** Asks git itself what a repository of the sandbox's GitHub holds: by a clone, as anybody could. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ReadyFile } from '../../src/sandbox/ready.ts'

const run = promisify(execFile)

/** What `git log` with these arguments says, cut at each NUL. */
export async function gitLog(
  { url, tokens }: ReadyFile['github'],
  repository: string,
  args: readonly string[],
): Promise<readonly string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'daypass-clone-'))
  const credentials = Buffer.from(`root:${tokens.root}`).toString('base64')
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${credentials}`,
  }
  try {
    await run('git', ['clone', '--quiet', '--bare', `${url}/${repository}.git`, directory], { env })
    const { stdout } = await run('git', ['-C', directory, 'log', ...args], { env })
    return stdout
      .split('\0')
      .map((text) => text.trim())
      .filter((text) => text !== '')
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
