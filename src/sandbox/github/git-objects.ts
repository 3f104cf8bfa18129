/** Git's object formats: reads and writes commits, trees and blobs as git itself stores them. */
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import type { RawObject } from './object-reader.ts'

export interface Identity {
  readonly name: string
  readonly email: string
  /** Seconds since the epoch. */
  readonly seconds: number
}

export interface Commit {
  readonly sha: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Identity
  readonly committer: Identity
  readonly message: string
}

export interface TreeEntry {
  /** As git writes it: 100644, 100755, 120000, 160000 or 40000. */
  readonly mode: string
  readonly name: string
  readonly sha: string
}

/** What stands in a name for bytes that are no UTF-8: by such a name nothing can be found or written again. */
export const NOT_UTF8 = '\ufffd'

export const TREE_MODE = '40000'
export const FILE_MODE = '100644'
export const SYMLINK_MODE = '120000'
export const SUBMODULE_MODE = '160000'

export function parseCommit({ sha, content }: RawObject): Commit {
  const text = content.toString()
  const split = text.indexOf('\n\n')
  const headers = (split < 0 ? text : text.slice(0, split)).split('\n')
  const values = (key: string) =>
    headers.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1))
  return {
    sha,
    tree: values('tree')[0] ?? '',
    parents: values('parent'),
    author: parseIdentity(values('author')[0] ?? ''),
    committer: parseIdentity(values('committer')[0] ?? ''),
    message: split < 0 ? '' : text.slice(split + 2),
  }
}

function parseIdentity(text: string): Identity {
  const [, name, email, seconds] = /^(.*?) ?<([^>]*)> (-?\d+)/.exec(text) ?? []
  return { name: name ?? '', email: email ?? '', seconds: Number(seconds ?? 0) }
}

export function formatCommit(commit: Omit<Commit, 'sha'>): Buffer {
  const lines = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${formatIdentity(commit.author)}`,
    `committer ${formatIdentity(commit.committer)}`,
  ]
  return Buffer.from(`${lines.join('\n')}\n\n${commit.message}`)
}

/** Git drops these characters too: they would forge another header. */
function formatIdentity({ name, email, seconds }: Identity): string {
  const clean = (text: string) => text.replace(/[<>\n\0]/g, '').trim()
  return `${clean(name)} <${clean(email)}> ${seconds} +0000`
}

export function parseTree({ content }: RawObject): TreeEntry[] {
  const entries: TreeEntry[] = []
  let position = 0
  while (position < content.length) {
    const space = content.indexOf(32, position)
    const zero = content.indexOf(0, space)
    entries.push({
      mode: content.subarray(position, space).toString(),
      name: content.subarray(space + 1, zero).toString(),
      sha: content.subarray(zero + 1, zero + 21).toString('hex'),
    })
    position = zero + 21
  }
  return entries
}

export function formatTree(entries: readonly TreeEntry[]): Buffer {
  const sorted = [...entries].sort((a, b) => Buffer.compare(sortKey(a), sortKey(b)))
  return Buffer.concat(
    sorted.flatMap(({ mode, name, sha }) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(sha, 'hex')]),
  )
}

/** Git sorts a folder as if its name ended in a slash. */
function sortKey({ mode, name }: TreeEntry): Buffer {
  return Buffer.from(mode === TREE_MODE ? `${name}/` : name)
}

/** Writes a loose object; one that is there already is left alone. To wait for small files costs more than to write them. */
export function writeLooseObject(directory: string, type: string, content: Buffer): string {
  const data = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content])
  const sha = createHash('sha1').update(data).digest('hex')
  const folder = join(directory, 'objects', sha.slice(0, 2))
  const file = join(folder, sha.slice(2))
  if (existsSync(file)) return sha
  mkdirSync(folder, { recursive: true })
  const temporary = join(folder, `tmp_obj_${randomUUID()}`)
  writeFileSync(temporary, deflateSync(data), { mode: 0o444 })
  renameSync(temporary, file)
  return sha
}
