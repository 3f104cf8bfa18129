/** A merge group: several pull requests on one commit, which is honoured only if each of them would be. */
import { judgeOpen, standing } from './core/approval.ts'
import { sameFile } from './core/approvals.ts'
import { type Asked, readAsked } from './core/asked.ts'
import type { ChangedFile } from './core/evidence.ts'
import { inWhole, isOne, type Parsed, type Problem, problemsOf, refused } from './core/problem.ts'
import type { ApprovalFinding, Judged } from './core/report-approval.ts'
import type { Rules } from './core/rules.ts'
import type { GuardedPath } from './core/trust.ts'
import { judgeChange } from './examine-change.ts'
import { type Extended, readExtended } from './examine-extension.ts'
import { type Examined, waits } from './examined.ts'
import type { GroupHead } from './heads.ts'
import type { OpenPull, Snapshot, SourceFile } from './ports.ts'
import { withFallback } from './weigh-fallback.ts'
import type { GitHub, PreviewWorld } from './world.ts'

interface GroupToExamine {
  readonly head: GroupHead
  readonly snapshot: Snapshot
  /** The default branch. */
  readonly base: Snapshot
  readonly rules: Parsed<Rules>
  readonly requests: readonly ChangedFile[]
  readonly guarded: readonly GuardedPath[]
  /** Of rules and CODEOWNERS. */
  readonly problems: readonly Problem[]
}

export async function examineGroup(
  world: PreviewWorld,
  github: GitHub,
  { head, snapshot, base, rules, requests, guarded, problems }: GroupToExamine,
): Promise<Examined> {
  const files = snapshot.requests.filter(({ path }) => requests.some((request) => request.path === path))
  if (files.length > 0 && !rules.ok) return waits({ kind: 'rules-broken', problems: rules.problems })
  const read = rules.ok
    ? await Promise.all(
        files.map((file) => readQueued(world, github, { base, rules: rules.value, requests }, file)),
      )
    : []
  const all = [...problems, ...read.flatMap(({ asked }) => problemsOf(asked))]
  if (isOne(all)) return waits({ kind: 'problems', problems: all })
  if (files.length > 0 && rules.ok && rules.value.paused) return waits({ kind: 'paused' })
  const judged = await Promise.all([
    ...read.flatMap(({ file, asked, extended }) =>
      asked.ok ? [judgeFile(github, head, file, asked.value, extended)] : [],
    ),
    ...guarded.map((path) => judgeGuarded(github, head, path)),
  ])
  return {
    request: { kind: 'group-fine', files: [...files.map(({ path }) => path), ...guarded] },
    approval: together(judged.flat()),
    // Of each pull request in it people are told where they look.
    asks: false,
  }
}

interface Queued {
  readonly file: SourceFile
  readonly asked: Parsed<Asked>
  readonly extended?: Extended
}

/** A request as the group has it: a new one, or one that a queued pull request extends. */
async function readQueued(
  world: PreviewWorld,
  github: GitHub,
  { base, rules, requests }: Pick<GroupToExamine, 'base' | 'requests'> & { readonly rules: Rules },
  file: SourceFile,
): Promise<Queued> {
  const { path } = file
  const isChanged = requests.some((request) => request.path === path && request.status === 'modified')
  const extended = isChanged ? await readExtended(world, github, base, path) : undefined
  if (extended && 'code' in extended) return { file, asked: refused(inWhole(path, extended)) }
  const readAt = extended?.judged.window.start ?? world.now()
  const asked = readAsked(file, rules, world.repository.accounts, readAt, extended?.judged.request)
  return { file, asked, ...(extended && { extended }) }
}

/** A file that no queued pull request brought with these bytes was put together by nobody who could have been asked. */
type Brought = Judged | { readonly kind: 'unbrought'; readonly path: string }

function together(brought: readonly Brought[]): ApprovalFinding {
  const judged = brought.filter(isJudged)
  const stray = brought.find((one) => !isJudged(one))
  if (stray !== undefined) {
    const sentence = `No pull request in the queue brings \`${stray.path}\` as this merge group has it`
    return { kind: 'waits', code: 'not-in-queue', sentence }
  }
  const pulls = new Set(judged.map(({ pull }) => pull))
  if (pulls.size > 1 && judged.some(({ of }) => of === 'change')) {
    const sentence =
      'Rules or CODEOWNERS change in this merge group, and what else is in it is judged by them once they are merged'
    return { kind: 'waits', code: 'changes-together', sentence }
  }
  return { kind: 'judged', draft: false, judged }
}

function isJudged(brought: Brought): brought is Judged {
  return 'verdict' in brought
}

async function judgeFile(
  github: GitHub,
  { queued }: GroupHead,
  file: SourceFile,
  { request, terms }: Asked,
  extended: Extended | undefined,
): Promise<readonly Brought[]> {
  const bringing = await pullsThatChange(github, queued, file.path)
  const judged = await Promise.all(
    bringing.map(async ({ number }) => {
      const { path } = file
      const told = await github.reader.previewEvidence(
        number,
        path,
        { requester: request.requester, approvalsNeeded: terms.approvalsNeeded, mergeBy: terms.mergeBy },
        extended?.file,
      )
      const evidence = await withFallback(github, told, terms)
      if (!sameFile(evidence.atMerge, file)) return { kind: 'unbrought' as const, path }
      return {
        path,
        pull: number,
        of: extended ? ('extension' as const) : ('request' as const),
        verdict: judgeOpen(evidence),
        standing: standing(evidence),
      }
    }),
  )
  return judged.length > 0 ? judged : [{ kind: 'unbrought', path: file.path }]
}

async function judgeGuarded(
  github: GitHub,
  { queued, sha }: GroupHead,
  path: GuardedPath,
): Promise<readonly Brought[]> {
  const [bringing, held] = await Promise.all([
    pullsThatChange(github, queued, path),
    github.reader.fileAt(sha, path),
  ])
  const judged = await Promise.all(
    bringing.map(async ({ number }) => {
      const { after, ...one } = await judgeChange(github, number, path)
      return sameFile(after, held) ? one : { kind: 'unbrought' as const, path }
    }),
  )
  return judged.length > 0 ? judged : [{ kind: 'unbrought', path }]
}

async function pullsThatChange(
  { reader }: GitHub,
  pulls: readonly OpenPull[],
  path: string,
): Promise<readonly OpenPull[]> {
  const changing = await Promise.all(
    pulls.map(async (pull) => {
      const changes = await reader.changedFiles(pull.headSha, pull.number)
      return changes.some((change) => change.path === path || change.previousPath === path) ? [pull] : []
    }),
  )
  return changing.flat()
}
