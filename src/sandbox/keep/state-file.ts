/** The file that a world is taken up from again: written whole or not at all, and read only where it is what was written. */
import { createHash } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { fromJson } from './graph.ts'

/** Goes up when a world of before can't be understood any more. */
const STATE_VERSION = 1

/** Raised for a file that no world can be taken up from; says why, and what to do. */
export class StateUnreadable extends Error {
  override readonly name = 'StateUnreadable'

  constructor(path: string, why: string) {
    super(
      `${path} ${why}. Take another folder, or none, for a new world; this one is left as it is, with its repositories in it.`,
    )
  }
}

/** @param json what `toJson` made of the world, as text */
export async function writeState(path: string, json: string): Promise<void> {
  // Always the same name: what a killed process leaves is written over by the next one.
  const draft = `${path}.part`
  try {
    const text = `{"version":${STATE_VERSION},"sha256":"${digest(json)}","state":${json}}\n`
    // It holds the tokens and keys of everybody in that world.
    await writeFile(draft, text, { mode: 0o600, flush: true })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/**
 * The world as it was written; undefined where there is no such file.
 * @throws StateUnreadable
 */
export async function readState(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const { version, sha256, state } = readEnvelope(path, text)
  if (version !== STATE_VERSION)
    throw new StateUnreadable(
      path,
      `has version ${version} of the state, and this sandbox knows version ${STATE_VERSION} only`,
    )
  if (sha256 !== digest(JSON.stringify(state)))
    throw new StateUnreadable(path, 'is not as it was written: its checksum does not hold')
  return fromJson(state)
}

const envelopeSchema = z.strictObject({ version: z.number(), sha256: z.string(), state: z.unknown() })

function readEnvelope(path: string, text: string) {
  try {
    return envelopeSchema.parse(JSON.parse(text))
  } catch {
    throw new StateUnreadable(path, 'is broken: it is not the JSON of a state')
  }
}

function digest(json: string): string {
  return createHash('sha256').update(json).digest('hex')
}
