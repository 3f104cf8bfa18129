/** The default branch, step by step along first parents: which requests and rules came, changed and went. */

import { isRequestPath } from '../../core/request.ts'
import { RULES_PATH } from '../../core/rules.ts'
import { Failure } from '../failure.ts'
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
  /** Before and after; zeros where there is none, and nothing for a commit of another repository. */
  readonly before: string
  readonly after: string
}

/** Whoever commits writes any date; no year beyond 9999 can be told. */
const LATEST = Date.parse('9999-12-31T23:59:59Z') / 1000
const HEADER = '\u0001'
const FORMAT = `${HEADER}%H %ct %P%n%an%n%s`
const SUBMODULE = '160000'
const KINDS: Readonly<Record<string, Change['kind']>> = { A: 'added', D: 'removed' }

/** Each of these somebody may have configured otherwise, in the clone or at home, and would then see another history. */
const PLAIN = [
  ...['--raw', '-z', '--no-renames', '--no-abbrev', '--no-color', '--no-relative', '--encoding=UTF-8'],
  ...['--no-show-signature', '--no-mailmap', '--no-notes', '-O/dev/null'],
]

/** Newest first. `onSteps` hears how many were read so far. */
export async function* readSteps(
  root: string,
  commit: string,
  onSteps: (read: number) => void,
): AsyncGenerator<Step> {
  let header = ''
  let changes: Change[] = []
  let raw: string | undefined
  let read = 0
  const log = ['log', '--first-parent', '--diff-merges=first-parent', ...PLAIN]
  for await (const tokens of readTokens(root, [...log, `--format=${FORMAT}`, commit, '--'])) {
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
  if (read === 0)
    throw new Failure(
      `git printed no history of ${commit}.`,
      'Check the clone with `git fsck`, and git itself.',
    )
}

/** `:100644 000000 <sha> <sha> D` */
function changeOf(raw: string, path: string): Change {
  const [, mode = '', before = '', after = '', status = ''] = raw.split(' ')
  const kind = KINDS[status[0] ?? ''] ?? 'changed'
  return { kind, path, before, after: mode === SUBMODULE ? '' : after }
}

function stepOf(header: string, changes: readonly Change[]): Step {
  const [facts = '', author = '', subject = ''] = header.slice(HEADER.length).split('\n')
  const [commit = '', at = '', ...parents] = facts.split(' ')
  return {
    commit,
    at: timeOf(at),
    parents: parents.filter((parent) => parent !== ''),
    author,
    subject,
    changes,
  }
}

/** Seconds since the epoch, from git's word for it. */
export function timeOf(text: string): number {
  return Math.min(Math.max(Number(text), 0), LATEST)
}

/** The pull request that GitHub's own subjects name; a rebase merge and a push name none. */
export function pullOf({ subject }: Pick<Step, 'subject'>): number | undefined {
  const found = /^Merge pull request #([1-9]\d*) from /.exec(subject) ?? /\(#([1-9]\d*)\)$/.exec(subject)
  return found ? Number(found[1]) : undefined
}
