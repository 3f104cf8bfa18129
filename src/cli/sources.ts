/** Where a command reads requests and rules from: the working tree, and the base that a pull request would be held against. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { FileText } from '../core/asked.ts'
import { CODEOWNERS_PLACES } from '../core/codeowners.ts'
import { type Parsed, refused } from '../core/problem.ts'
import { parseRules, RULES_PATH, type Rules } from '../core/rules.ts'
import { decodeUtf8 } from '../core/text.ts'
import { readText } from './accounts.ts'
import { type Branch, type Clone, commitOrFail, findClone, remoteDefault, textAt } from './clone.ts'
import { EXIT, Failure } from './failure.ts'

export interface Sources {
  /** Where the paths of requests begin. */
  readonly root: string
  readonly clone?: Clone
  /** The commit of the base. */
  readonly base?: string
  /** What the base is called, for people. */
  readonly baseName?: string
}

export interface SourceOptions {
  /** Branch, tag or sha. */
  readonly base?: string
}

/** Outside a repository the directory itself is the top. */
export async function findSources({ base: wanted }: SourceOptions): Promise<Sources> {
  const clone = await findClone()
  if (clone === undefined || clone.isBare) return { root: process.cwd(), ...(clone && { clone }) }
  const base = await (wanted === undefined ? remoteDefault(clone) : namedBranch(clone, wanted))
  if (base === undefined) return { root: clone.root, clone }
  return { root: clone.root, clone, baseName: base.name, base: base.commit }
}

async function namedBranch(clone: Clone, name: string): Promise<Branch> {
  return { name, commit: await commitOrFail(clone, name) }
}

export interface RulesRead {
  readonly rules: Parsed<Rules>
  /** For people: which rules these are. */
  readonly from: string
}

/** The rules that the app would hold a request against: those of the base. */
export async function readRulesFrom(sources: Sources, file?: string): Promise<RulesRead> {
  if (file !== undefined) return { rules: parseRules(readText(file)), from: file }
  const { clone, base, baseName, root } = sources
  if (clone && base && baseName) {
    const text = await textAt(clone, base, RULES_PATH)
    return {
      rules: text === undefined ? noRules(baseName) : parseRules(text),
      from: `${RULES_PATH} of ${baseName}`,
    }
  }
  const path = join(root, RULES_PATH)
  return {
    rules: existsSync(path) ? parseRules(readText(path)) : noRules(root),
    from: `${RULES_PATH} of the working tree`,
  }
}

function noRules(where: string): Parsed<Rules> {
  const message = `There are no rules in ${where}.`
  const fix = `Write ${RULES_PATH}; docs/reference.md tells what goes into it.`
  return refused({ code: 'no-rules', file: RULES_PATH, line: 1, column: 1, message, fix })
}

/** A path as the repository names it, from one as a person types it. */
export function repositoryPath({ root }: Sources, typed: string): string {
  const path = relative(root, resolve(typed)).split(sep).join('/')
  if (!path.startsWith('../') && !isAbsolute(path)) return path
  throw new Failure(`${typed} is not below ${root}.`, 'Name a file of the access repository.', {
    exitCode: EXIT.usage,
  })
}

/** What a path as a person types it stands for: the file, or every file below the folder. */
export function filesAt(sources: Sources, typed: string): readonly string[] {
  const path = repositoryPath(sources, typed)
  const entry = entryAt(sources, path)
  if (entry === undefined) throw noFile(sources, path)
  return entry.isDirectory() ? filesBelow(sources, path) : [path]
}

/** What lies there itself, as git sees it: a link is not followed. */
function entryAt({ root }: Sources, path: string) {
  return lstatSync(join(root, path), { throwIfNoEntry: false })
}

/** Nothing of these is ever a request. */
const PASSED_OVER = new Set(['.git', 'node_modules'])

function filesBelow(sources: Sources, folder: string): readonly string[] {
  return readdirSync(join(sources.root, folder), { withFileTypes: true })
    .filter(({ name }) => !PASSED_OVER.has(name))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      return entry.isDirectory() ? filesBelow(sources, path) : [path]
    })
    .toSorted()
}

function noFile({ root }: Sources, path: string): Failure {
  return new Failure(`There is no file ${path} in ${root}.`, 'Check its name.')
}

/** Nothing larger is a request or rules; each reader has its own, stricter limit. */
const MOST_BYTES = 4 * 1024 * 1024

/** As the app would see it once pushed: no text where it is a link, not UTF-8 or far too large. */
export function readFileText(sources: Sources, path: string): FileText {
  const entry = entryAt(sources, path)
  if (entry === undefined) throw noFile(sources, path)
  if (!entry.isFile() || entry.size > MOST_BYTES) return { path }
  const text = decodeUtf8(readFileSync(join(sources.root, path)))
  return text === undefined ? { path } : { path, text }
}

/** The CODEOWNERS in force in the working tree. */
export function codeownersInForce(sources: Sources): FileText | undefined {
  const place = CODEOWNERS_PLACES.find((path) => entryAt(sources, path) !== undefined)
  return place === undefined ? undefined : readFileText(sources, place)
}

export interface Changes {
  readonly written: readonly string[]
  readonly removed: readonly string[]
}

/** What the working tree has otherwise than where it left the base: everything that a pull request would bring. */
export async function changesSince({ clone, base }: Sources): Promise<Changes | undefined> {
  if (clone === undefined || base === undefined) return undefined
  const fork = await leftBaseAt(clone, base)
  const list = async (args: readonly string[]) =>
    (await clone.git(args)).split('\0').filter((path) => path !== '')
  const [written, removed, untracked] = await Promise.all([
    list(['diff', '--name-only', '-z', '--no-renames', '--diff-filter=d', fork]),
    list(['diff', '--name-only', '-z', '--no-renames', '--diff-filter=D', fork]),
    list(['ls-files', '-z', '--others', '--exclude-standard']),
  ])
  return { written: [...new Set([...written, ...untracked])].toSorted(), removed }
}

async function leftBaseAt(clone: Clone, base: string): Promise<string> {
  return (await clone.tryGit(['merge-base', base, 'HEAD']))?.trim() ?? base
}

/** A request that is on the base already, and since when: a pull request that changes it asks for a longer window. */
export interface OnBase {
  readonly text: string
  /** Of the commit that brought it, in seconds since the epoch. */
  readonly since: number
}

/** Undefined where the base does not have it, or the working tree has it no otherwise. */
export async function changedOnBase(
  { clone, base }: Sources,
  { path, text }: FileText,
): Promise<OnBase | undefined> {
  if (clone === undefined || base === undefined) return undefined
  const before = await textAt(clone, base, path)
  // What was left as it was is no change either, though the base may have gone on since.
  if (before === undefined || text === before) return undefined
  if (text === (await textAt(clone, await leftBaseAt(clone, base), path))) return undefined
  const added = [
    'log',
    '-1',
    '--first-parent',
    '--diff-merges=first-parent',
    '--no-patch',
    '--diff-filter=A',
    '--no-renames',
    '--format=%ct',
  ]
  const since = Number(await clone.tryGit([...added, base, '--', `:(top,literal)${path}`]))
  return { text: before, since }
}
