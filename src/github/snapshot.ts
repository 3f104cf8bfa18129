/** One commit of the access repository, read whole: its requests, its rules and the CODEOWNERS in force. */

import { CODEOWNERS_PLACES } from '../core/codeowners.ts'
import { isRequestPath, REQUESTS_FOLDER } from '../core/request.ts'
import { RULES_PATH } from '../core/rules.ts'
import { CutOff, type Snapshot, type SourceFile } from '../ports.ts'
import type { Context } from './context.ts'
import type { TreeEntry } from './git-objects.ts'

/** A request has 16 KiB at most; a longer file is still read some way, so that the parser can say so. */
export const REQUEST_TEXT_LIMIT = 64 * 1024
/**
 * Each text costs a call the first time, out of those that access is taken back with as well: whoever can push could use
 * them all up.
 */
export const MOST_REQUESTS = 1000
/** As many requests as long as they may be. */
const REQUESTS_TEXT_LIMIT = MOST_REQUESTS * 16 * 1024
/** From this size on GitHub itself ignores a CODEOWNERS. */
const CODEOWNERS_TEXT_LIMIT = 3 * 1024 * 1024 - 1
const RULES_TEXT_LIMIT = 1024 * 1024

export async function readSnapshot(
  context: Context,
  at?: string,
  texts?: readonly string[],
): Promise<Snapshot> {
  const commit = at ?? (await context.git.head(context.target.defaultBranch))
  const [requests, rules, codeowners] = await Promise.all([
    readRequests(context, commit, texts),
    readSource(context, commit, RULES_PATH, RULES_TEXT_LIMIT),
    readCodeowners(context, commit),
  ])
  return { commit, requests, ...(rules ? { rules } : {}), ...(codeowners ? { codeowners } : {}) }
}

/** The first that is there wins, also when it is one that GitHub can't use: falling back would widen what it says. */
export async function readCodeowners(context: Context, commit: string): Promise<SourceFile | undefined> {
  const found = await Promise.all(
    CODEOWNERS_PLACES.map((path) => readSource(context, commit, path, CODEOWNERS_TEXT_LIMIT)),
  )
  return found.find((file) => file !== undefined)
}

async function readRequests(
  { git, at }: Context,
  commit: string,
  texts: readonly string[] | undefined,
): Promise<SourceFile[]> {
  const folder = (await git.root(commit)).get(REQUESTS_FOLDER)
  if (!folder) return []
  if (folder.type !== 'tree') return [{ path: REQUESTS_FOLDER, mode: folder.mode, blob: folder.sha }]
  const entries = [...(await git.below(folder.sha))]
    .map(([path, entry]) => ({ path: `${REQUESTS_FOLDER}/${path}`, entry }))
    .filter(({ path, entry }) => entry.type !== 'tree' && isRequestPath(path))
    .map(({ path, entry }) => {
      const isRead = hasText(entry, REQUEST_TEXT_LIMIT) && texts?.includes(path) !== false
      return { path, entry, isRead }
    })
  refuseTooMany(
    `the requests of ${at.owner}/${at.repo} at ${commit}`,
    entries.filter(({ isRead }) => isRead).map(({ entry }) => entry),
  )
  return Promise.all(
    entries.map(async ({ path, entry, isRead }) => {
      const file = { path, mode: entry.mode, blob: entry.sha }
      const text = isRead ? await git.text(entry.sha, REQUEST_TEXT_LIMIT) : undefined
      return text === undefined ? file : { ...file, text }
    }),
  )
}

/** Before any of them is read. */
function refuseTooMany(what: string, wanted: readonly TreeEntry[]): void {
  const bytes = wanted.reduce((sum, { size }) => sum + size, 0)
  if (wanted.length <= MOST_REQUESTS && bytes <= REQUESTS_TEXT_LIMIT) return
  throw new CutOff(
    what,
    `${wanted.length} files of ${bytes} bytes, and no more than ${MOST_REQUESTS} of ${REQUESTS_TEXT_LIMIT} in all are read; take old ones out`,
  )
}

async function readSource(
  { git }: Context,
  commit: string,
  path: string,
  limit: number,
): Promise<SourceFile | undefined> {
  const file = await git.fileAt(commit, path)
  if (file === 'missing') return undefined
  const text = isRegular(file.mode) ? await git.text(file.blob, limit) : undefined
  return { path, mode: file.mode, blob: file.blob, ...(text === undefined ? {} : { text }) }
}

function hasText({ mode, size }: TreeEntry, limit: number): boolean {
  return isRegular(mode) && size <= limit
}

/** Neither a symlink nor a submodule. */
function isRegular(mode: string): boolean {
  return mode === '100644' || mode === '100755'
}
