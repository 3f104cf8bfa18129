/** A world as it is kept on disk between two starts: its data, and where its refs stood at the same moment. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Git, NO_OBJECT, openRepository, type Ref } from './git.ts'
import { Lock } from './lock.ts'
import { repositoryDirectory, type Surroundings, worldAround } from './new-world.ts'
import { dataOf, type Repository, type World, type WorldData } from './world.ts'

export interface KeptWorld {
  readonly data: WorldData
  /** By the repository's id. */
  readonly refs: ReadonlyMap<number, readonly Ref[]>
}

/** What `KeptWorld` must not hold: they are made anew from what lies on disk. */
export function isMadeAnew(value: object): boolean {
  return value instanceof Git || value instanceof Lock
}

/** Nobody may change the world meanwhile. */
export async function keepWorld(world: World): Promise<KeptWorld> {
  const repositories = [...world.repositories.values()]
  const refs = await Promise.all(repositories.map(async ({ id, git }) => [id, await git.refs()] as const))
  return { data: dataOf(world), refs: new Map(refs) }
}

export async function takeUpWorld({ data, refs }: KeptWorld, around: Surroundings): Promise<World> {
  const world = await worldAround(data, around)
  await Promise.all(
    [...world.repositories.values()].map(async (repository) => {
      repository.lock = new Lock()
      repository.git = await openKept(world, repository)
      await putRefsBack(repository.git, refs.get(repository.id) ?? [])
    }),
  )
  return world
}

async function openKept({ dataDir, hooksDir }: World, { id, parent }: Repository): Promise<Git> {
  const directory = repositoryDirectory(dataDir, { id })
  await removeLocks(directory)
  return openRepository(directory, hooksDir, parent && { directory: repositoryDirectory(dataDir, parent) })
}

/** A git that was killed leaves them, and nobody else is at work here. */
async function removeLocks(directory: string): Promise<void> {
  const below = await readdir(join(directory, 'refs'), { recursive: true })
  const locks = ['packed-refs.lock', ...below.map((path) => join('refs', path))]
  const stale = locks.filter((path) => path.endsWith('.lock'))
  await Promise.all(stale.map((path) => rm(join(directory, path), { force: true })))
}

/** What moved in git after the data was written last never happened; its objects lie there for nobody. */
async function putRefsBack(git: Git, kept: readonly Ref[]): Promise<void> {
  const now = new Map((await git.refs()).map(({ name, sha }) => [name, sha]))
  const then = new Map(kept.map(({ name, sha }) => [name, sha]))
  const updates = [...new Set([...now.keys(), ...then.keys()])]
    .map((ref) => ({ ref, before: now.get(ref) ?? NO_OBJECT, after: then.get(ref) ?? NO_OBJECT }))
    .filter(({ before, after }) => before !== after)
  if (updates.length > 0 && !(await git.updateRefs(updates)))
    throw new Error(`the refs of ${git.directory} could not be put back to where they stood`)
}
