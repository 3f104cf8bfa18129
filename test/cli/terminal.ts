/** Runs the command line at a real pseudo-terminal, and types an answer whenever a question comes up. */
import { spawn, spawnSync } from 'node:child_process'
import { bareEnvironment, CLI } from './run-cli.ts'

export const hasTerminals = spawnSync('script', ['--version']).status === 0

export interface Typed {
  /** The end of what the terminal shows when it is time to answer. */
  readonly after: string
  readonly type: string
}

export interface Seen {
  readonly code: number | null
  /** All that the terminal showed, with whatever steers it. */
  readonly screen: string
}

interface AtTerminal {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly answers?: readonly Typed[]
}

export function runAtTerminal(args: readonly string[], options: AtTerminal): Promise<Seen> {
  const command = [process.execPath, CLI, ...args]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(' ')
  return typeAtTerminal(command, options)
}

/** `command`: lines for the shell. */
export async function typeAtTerminal(command: string, { cwd, env, answers = [] }: AtTerminal): Promise<Seen> {
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd,
    env: { ...bareEnvironment(cwd), TERM: 'xterm', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const waiting = [...answers]
  let screen = ''
  let answered = 0
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString()
    const [next] = waiting
    if (next === undefined || !screen.slice(answered).includes(next.after)) return
    waiting.shift()
    answered = screen.length
    child.stdin.write(`${next.type}\r`)
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  if (waiting.length > 0) throw new Error(`never asked ${waiting[0]?.after}; the terminal shows:\n${screen}`)
  return { code, screen }
}
