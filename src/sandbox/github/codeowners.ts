/** CODEOWNERS as GitHub documents it: where it lies, how it reads, which line counts for a path. */
import { atLeast, isTeamMember, levelOf, teamLevel } from './access.ts'
import { findPath } from './git-tree.ts'
import { type Repository, type User, userNamed, type World } from './world.ts'

interface OwnersLine {
  readonly number: number
  readonly matches: RegExp
  readonly owners: readonly string[]
}

export interface OwnersError {
  readonly line: number
  readonly column: number
  readonly kind: string
  readonly source: string
  readonly suggestion: string | null
  readonly message: string
  readonly path: string
}

export interface OwnersFile {
  readonly path: string
  readonly lines: readonly OwnersLine[]
  readonly errors: readonly OwnersError[]
}

/** The first that exists counts, the others are not read. */
const LOCATIONS = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS']

/** A file of this size or more is ignored. */
const SIZE_LIMIT = 3 * 1024 * 1024

const OWNER = /^(@[A-Za-z0-9][A-Za-z0-9-]*(\/[A-Za-z0-9._-]+)?|[^@\s]+@[^@\s]+\.[^@\s]+)$/

export async function readCodeowners(
  repository: Repository,
  commitSha: string,
): Promise<OwnersFile | undefined> {
  const { git } = repository
  const { tree } = await git.commitOrFail(commitSha)
  for (const path of LOCATIONS) {
    const entry = await findPath(git, tree, path)
    const content = entry && (await git.blob(entry.sha))
    if (content) return content.length < SIZE_LIMIT ? parseCodeowners(path, content.toString()) : undefined
  }
  return undefined
}

export function parseCodeowners(path: string, text: string): OwnersFile {
  const lines: OwnersLine[] = []
  const errors: OwnersError[] = []
  for (const [index, source] of text.split(/\r?\n/).entries()) {
    const tokens = tokensOf(source)
    const [pattern, ...owners] = tokens
    if (!pattern) continue
    const bad = /^!|[[\]]|^\\#/.test(pattern.text)
      ? pattern
      : owners.find(({ text: owner }) => !OWNER.test(owner))
    if (bad) {
      const kind = bad === pattern ? 'Invalid pattern' : 'Invalid owner'
      const at = { line: index + 1, column: bad.column, kind, source, path }
      errors.push({ ...at, suggestion: null, message: `${kind} on line ${index + 1}: ${bad.text}` })
      continue
    }
    const owned = owners.map(({ text: owner }) => owner)
    lines.push({ number: index + 1, matches: patternToRegExp(pattern.text), owners: owned })
  }
  return { path, lines, errors }
}

/** The last line that matches decides; its owners may be none. */
export function ownersOf(file: OwnersFile | undefined, path: string): readonly string[] {
  return file?.lines.findLast(({ matches }) => matches.test(path))?.owners ?? []
}

/** An owner counts only with write access; a team only when the team itself has it. */
export function isOwner(world: World, repository: Repository, owner: string, user: User): boolean {
  if (user.kind === 'bot' || !atLeast(levelOf(world, repository, user), 'write')) return false
  if (!owner.startsWith('@')) return owner.toLowerCase() === user.email.toLowerCase()
  const [name = '', slug] = owner.slice(1).split('/')
  if (slug === undefined) return name.toLowerCase() === user.login.toLowerCase()
  const team =
    name.toLowerCase() === world.organization.login.toLowerCase() && world.teams.get(slug.toLowerCase())
  return team
    ? atLeast(teamLevel(world, repository, team), 'write') && isTeamMember(world, team, user)
    : false
}

/** Owners that don't exist or can't write: GitHub reports them, and they own nothing. */
export function unknownOwners(
  world: World,
  repository: Repository,
  file: OwnersFile,
  text: string,
): OwnersError[] {
  const sources = text.split(/\r?\n/)
  return file.lines.flatMap(({ number, owners }) =>
    owners
      .filter((owner) => owner.startsWith('@') && !ownerExists(world, repository, owner))
      .map((owner) => {
        const source = sources[number - 1] ?? ''
        return {
          line: number,
          column: source.indexOf(owner) + 1,
          kind: 'Unknown owner',
          source,
          suggestion: `make sure ${owner} exists and has write access to the repository`,
          message: `Unknown owner on line ${number}: make sure ${owner} exists and has write access to the repository`,
          path: file.path,
        }
      }),
  )
}

function ownerExists(world: World, repository: Repository, owner: string): boolean {
  const [name = '', slug] = owner.slice(1).split('/')
  if (slug === undefined) {
    const user = userNamed(world, name)
    return user !== undefined && atLeast(levelOf(world, repository, user), 'write')
  }
  const team = world.teams.get(slug.toLowerCase())
  return team !== undefined && atLeast(teamLevel(world, repository, team), 'write')
}

interface Token {
  readonly text: string
  readonly column: number
}

/** Words between spaces, up to a comment; a backslash keeps a space inside a word. */
function tokensOf(line: string): Token[] {
  const tokens: Token[] = []
  for (const match of line.matchAll(/(?:\\.|[^\s\\]|\\$)+/g)) {
    if (match[0].startsWith('#')) break
    tokens.push({ text: match[0].replace(/\\ /g, ' '), column: match.index + 1 })
  }
  return tokens
}

/** Like .gitignore, save that `folder/*` does not reach into folders below. */
function patternToRegExp(pattern: string): RegExp {
  const folderOnly = pattern.endsWith('/')
  const trimmed = pattern.replace(/^\//, '').replace(/\/$/, '')
  const anchored = pattern.replace(/\/$/, '').includes('/')
  const segments = trimmed.split('/')
  const body = segments
    .map((segment, index) => segmentSource(segment, index === segments.length - 1))
    .join('')
  const last = segments.at(-1)
  const onlyHere = last === '**' || (last === '*' && anchored)
  const tail = folderOnly ? '/.+' : onlyHere ? '' : '(?:/.*)?'
  return new RegExp(`^${anchored ? '' : '(?:.*/)?'}${body}${tail}$`, 's')
}

function segmentSource(segment: string, isLast: boolean): string {
  if (segment === '**') return isLast ? '.+' : '(?:.*/)?'
  const source = segment
    .replace(/\\(.)/g, '$1')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '[^/]*')
    .replace(/\?/g, '[^/]')
  return isLast ? source : `${source}/`
}
