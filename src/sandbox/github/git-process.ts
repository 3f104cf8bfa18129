/** Runs the git binary, cut off from the machine's own configuration. */
import { runInShell } from './shell.ts'

class GitFailed extends Error {}

export interface GitRun {
  readonly input?: string | Buffer
  /** Exit codes that are an answer rather than a failure. */
  readonly answers?: readonly number[]
}

export interface GitOutput {
  readonly code: number
  readonly stdout: Buffer
}

export async function runGit(
  directory: string,
  args: readonly string[],
  { input = '', answers = [] }: GitRun = {},
): Promise<GitOutput> {
  const { code, stdout, stderr } = await runInShell(directory, ['git', ...args], { input })
  if (code !== 0 && !answers.includes(code))
    throw new GitFailed(`git ${args[0]} ended with ${code}: ${stderr.toString().trim()}`)
  return { code, stdout }
}
