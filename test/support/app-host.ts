/** The app as the sandbox wants it, in a process that the next world of this worker gets after this one. */
import type { RunApp } from '../../src/sandbox/app-process.ts'
import { createHosts } from './host.ts'

const take = createHosts('./app-host.mjs', ['--enable-source-maps'])

export interface HostedApp {
  readonly run: RunApp
  /** Its next end is that of its world, and leaves the process to the next one; any other ends both, so that to start again is that. */
  leave(): void
}

export function hostApp(): HostedApp {
  let isLeft = false
  return {
    run({ environment, directory, log }) {
      const { child, gone, run } = take()
      const left = run({ environment, directory }, { stdout: log, stderr: log })
      let isEnding = false
      return {
        exited: Promise.race([gone, left.then(() => 'was left')]),
        signal(signal) {
          if (signal === 'SIGKILL') child.kill(signal)
          else if (!isEnding) child.send(isLeft ? 'leave' : 'end')
          isEnding = true
        },
      }
    },
    leave() {
      isLeft = true
    },
  }
}
