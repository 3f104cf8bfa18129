/** Keeps a running sandbox on disk: looks at GitHub, AWS and the clock at one moment, after anything that may have changed them. */
import type { AwsSandbox } from '../aws/server.ts'
import type { CallLog } from '../calls.ts'
import type { SandboxClock } from '../clock.ts'
import { isMadeAnew } from '../github/kept-world.ts'
import type { GitHubSandbox } from '../github/server.ts'
import type { Addresses, Secrets } from '../seed.ts'
import type { KeptSandbox, Ports } from './data-dir.ts'
import { toJson } from './graph.ts'
import { createKeeper, type Keeper } from './keeper.ts'
import { writeState } from './state-file.ts'

interface Kept {
  readonly stateFile: string
  readonly secrets: Secrets
  readonly addresses: Addresses
  readonly clock: SandboxClock
  readonly calls: CallLog
  readonly github: GitHubSandbox
  readonly aws: AwsSandbox
}

/** Once it is there, the state is on disk for the first time. */
export async function keepSandbox(kept: Kept): Promise<Keeper> {
  const { stateFile, clock, calls } = kept
  const keeper = await createKeeper({
    look: () => look(kept),
    write: (text) => writeState(stateFile, text),
  })
  clock.onMove(keeper.touch)
  calls.onEnd(({ method }) => {
    if (method !== 'GET' && method !== 'HEAD') keeper.touch()
  })
  return keeper
}

/** AWS answers each call in one go, so it needs no waiting for; what is read is written down before anything else runs. */
function look({ secrets, addresses, clock, github, aws }: Kept): Promise<string> {
  return github.still((world) => {
    const state: KeptSandbox = {
      secrets,
      clockOffset: clock.offset(),
      ports: portsOf(addresses),
      github: world,
      aws: aws.kept(),
    }
    return JSON.stringify(toJson(state, isMadeAnew))
  })
}

function portsOf(addresses: Addresses): Ports {
  const port = (url: string) => Number(new URL(url).port)
  return {
    github: port(addresses.github),
    aws: port(addresses.aws),
    control: port(addresses.control),
    app: port(addresses.app),
  }
}
