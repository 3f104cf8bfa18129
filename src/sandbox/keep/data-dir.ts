/** The folder a sandbox lives in: a new one, a temporary one, or one that a sandbox left, with the world in it. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { WorldData } from '../aws/state.ts'
import type { KeptWorld } from '../github/kept-world.ts'
import type { Secrets } from '../seed.ts'
import { readState, StateUnreadable } from './state-file.ts'

/** All that a sandbox is taken up again from, besides its git repositories. */
export interface KeptSandbox {
  readonly secrets: Secrets
  /** What was added to the machine's clock, in milliseconds. */
  readonly clockOffset: number
  /** Links, remotes and profiles that people have go on leading somewhere where these can be had again. */
  readonly ports: Ports
  readonly github: KeptWorld
  readonly aws: WorldData
}

export interface Ports {
  readonly github: number
  readonly aws: number
  readonly control: number
  readonly app: number
}

export interface DataDir {
  readonly path: string
  /** Undefined for a folder that is gone afterwards: there is nothing to keep. */
  readonly stateFile: string | undefined
  /** What a sandbox before this one left. */
  readonly kept: KeptSandbox | undefined
  /** Lets go of it; a temporary one is removed. */
  leave(): Promise<void>
}

const STATE = 'state.json'
const HOLDER = 'sandbox.pid'

/** @throws StateUnreadable, or an Error for a folder that is something else's */
export async function openDataDir(given: string | undefined): Promise<DataDir> {
  if (given === undefined) {
    const path = await mkdtemp(join(tmpdir(), 'daypass-'))
    const leave = () => rm(path, { recursive: true, force: true })
    return { path, stateFile: undefined, kept: undefined, leave }
  }
  const path = resolve(given)
  await mkdir(path, { recursive: true, mode: 0o700 })
  const stateFile = join(path, STATE)
  const found = await readdir(path)
  if (found.length > 0 && !found.includes(STATE))
    throw new Error(
      `${path} is not empty, and holds no ${STATE} to take a world up from: give an empty folder, or one that a sandbox left.`,
    )
  const holder = await hold(join(path, HOLDER))
  try {
    return { path, stateFile, kept: await readKept(stateFile), leave: () => rm(holder, { force: true }) }
  } catch (error) {
    await rm(holder, { force: true })
    throw error
  }
}

/** Two sandboxes in one folder would write over each other's world. */
async function hold(file: string): Promise<string> {
  const holder = Number(await readFile(file, 'utf8').catch(() => ''))
  if (holder > 0 && isAlive(holder))
    throw new Error(
      `The sandbox of process ${holder} is at work in this folder: end it first. If there is none, remove ${file}.`,
    )
  await writeFile(file, String(process.pid), { mode: 0o600 })
  return file
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The checksum holds, so it is what `keepSandbox` wrote; only that it is a sandbox's has to be looked at. */
async function readKept(stateFile: string): Promise<KeptSandbox | undefined> {
  const state = await readState(stateFile)
  if (state === undefined) return undefined
  if (!isKept(state)) throw new StateUnreadable(stateFile, 'holds something else than a sandbox')
  return state
}

function isKept(state: unknown): state is KeptSandbox {
  return (
    typeof state === 'object' &&
    state !== null &&
    ['secrets', 'clockOffset', 'ports', 'github', 'aws'].every((part) => part in state)
  )
}
