/** The default branch, step by step along first parents: which requests and rules came, changed and went. */

import { isRequestPath } from '../../core/request.ts'
import { RULES_PATH } from '../../core/rules.ts'
import { readTokens } from './git-stream.ts'

export interface Step {
  readonly commit: string
  readonly parents: readonly string[]
  /** When it was committed, in seconds since the epoch. */
  readonly at: number
  /** As its author called themselves; nothing proves it. */
  readonly author: string
  readonly subject: string
  readonly changes: readonly Change[]
}

export interface Change {
  readonly kind: 'added' | 'changed' | 'removed'
  readonly path: string
  /** Before and after; zeros where there is none. */
  readonly before: string
  readonly after: string
}

const HEADER = '\u0001'
const FORMAT = `${HEADER}%H %ct %P%n%an%n%s`
const KINDS: Readonly<Record<string, Change['kind']>> = { A: 'added', D: 'removed' }

/** Newest first. `onSteps` hears how many were read so far. */
export async function* readSteps(
  root: string,
  commit: string,
  onSteps: (read: number) => void,
): AsyncGenerator<Step> {
  const log = ['log', '--first-parent', '-m', '--raw', '-z', '--no-renames', '--no-abbrev', '--no-color']
  let header = ''
  let changes: Change[] = []
  let raw: string | undefined
  let read = 0
  for await (const tokens of readTokens(root, [
    ...log,
    '--no-show-signature',
    `--format=${FORMAT}`,
    commit,
    '--',
  ])) {
    for (const token of tokens) {
      if (raw !== undefined) {
        if (isRequestPath(token) || token === RULES_PATH) changes.push(changeOf(raw, token))
        raw = undefined
      } else if (token.startsWith(HEADER)) {
        if (changes.length > 0) yield stepOf(header, changes)
        header = token
        changes = []
        read++
      } else if (token.trimStart().startsWith(':')) raw = token.trimStart()
    }
    onSteps(read)
  }
  if (changes.length > 0) yield stepOf(header, changes)
}

/** `:100644 000000 <sha> <sha> D` */
function changeOf(raw: string, path: string): Change {
  const [, , before = '', after = '', status = ''] = raw.split(' ')
  return { kind: KINDS[status[0] ?? ''] ?? 'changed', path, before, after }
}

function stepOf(header: string, changes: readonly Change[]): Step {
  const [facts = '', author = '', subject = ''] = header.slice(HEADER.length).split('\n')
  const [commit = '', at = '', ...parents] = facts.split(' ')
  return {
    commit,
    at: Number(at),
    parents: parents.filter((parent) => parent !== ''),
    author,
    subject,
    changes,
  }
}

/** The pull request that GitHub's own subjects name; a rebase merge and a push name none. */
export function pullOf({ subject }: Pick<Step, 'subject'>): number | undefined {
  const found = /^Merge pull request #([1-9]\d*) from /.exec(subject) ?? /\(#([1-9]\d*)\)$/.exec(subject)
  return found ? Number(found[1]) : undefined
}
