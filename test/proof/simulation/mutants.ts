/** Bugs put in on purpose, each in a copy of the product: whether the histories show that something is wrong. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Act, type History, step } from './history.ts'

export interface Mutant {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
  /** One that shows it. */
  readonly history: History
}

const ask: Act = { kind: 'ask', who: 'alice', hours: 4, folder: 'exports/2026/11/' }
const merge: Act = { kind: 'merge', on: 0, by: 'oscar' }
const obtain: Act = { ...ask, kind: 'obtain' }

const approvals = 'src/core/approvals.ts'
const judgement = 'src/core/approval-checks.ts'

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'approvals of other bytes count',
    file: approvals,
    from: "if (review.file === undefined || !sameFile(review.file, file)) return 'other-bytes'",
    to: '',
    history: [
      step(
        ask,
        { kind: 'approve', on: 0, by: 'olivia' },
        { kind: 'push', on: 0, by: 'alice', hours: 1 },
        merge,
      ),
    ],
  },
  {
    name: 'anybody may approve',
    file: approvals,
    from: "if (standing !== 'owner') return NO_OWNER[standing]",
    to: '',
    history: [step(ask, { kind: 'approve', on: 0, by: 'bob' }, merge)],
  },
  {
    name: 'no approval is needed',
    file: judgement,
    from: 'fault: ofPull(approvalsFault),',
    to: 'fault: () => undefined,',
    history: [step(ask, merge)],
  },
  {
    name: 'windows are twice as long',
    file: 'src/core/window.ts',
    from: 'return { start, end: start + request.durationSeconds }',
    to: 'return { start, end: start + 2 * request.durationSeconds }',
    history: [step(obtain), { ...step(), seconds: 4 * 3600 }],
  },
  {
    name: 'the whole bucket is opened',
    file: 'src/core/grant-policies.ts',
    from: 'const objects = prefixes.length > 0 ?',
    to: 'const objects = prefixes.length > 99 ?',
    history: [step(obtain)],
  },
  {
    name: 'nobody hears who gives access back',
    file: 'src/core/early-end.ts',
    from: "return BEGINS_WITH_COMMAND.test(comment.split('\\n', 1)[0]?.trim() ?? '')",
    to: 'return false',
    history: [step(obtain), step({ kind: 'revoke', on: 0, by: 'alice' })],
  },
  {
    name: 'nobody hears it on the pull request of an extension',
    file: 'src/end-early.ts',
    from: 'new Set([identity.pull, ...(judged?.extensions ?? []).map(({ pull }) => pull)])',
    to: 'new Set([identity.pull])',
    history: [
      step(obtain),
      step({ kind: 'extend', on: 0, hours: 6, approved: true }),
      step({ kind: 'revoke', on: 0, by: 'alice', where: 'extension' }),
    ],
  },
  {
    name: 'a start that lies ahead is not waited for',
    file: 'src/core/window.ts',
    from: 'const start = Math.max(request.start ?? mergedAt, mergedAt)',
    to: 'const start = mergedAt',
    history: [step({ ...ask, kind: 'obtain', ahead: 7200 })],
  },
  {
    name: 'a branch that was set back ends nothing',
    file: 'src/core/plan.ts',
    from: "if (found === undefined) return [{ kind: 'deny', standing, because: 'file-removed' }]",
    to: '',
    history: [step(obtain), step({ kind: 'rewind', steps: 1 })],
  },
  {
    name: 'everybody may end the access of others',
    file: 'src/core/early-end.ts',
    from: 'else if (entitled.has(by.id))',
    to: 'else if (entitled.size > 0)',
    history: [step(obtain), step({ kind: 'revoke', on: 0, by: 'mallory' })],
  },
  {
    name: 'a file that was taken off the branch and put back keeps its access',
    file: 'src/end-disallowed.ts',
    from: "if (left) return { standing, because: 'file-removed' }",
    to: 'void left',
    history: [step(obtain), step({ kind: 'blink', on: 0 })],
  },
  {
    name: 'rules that were tightened end nothing',
    file: 'src/end-disallowed.ts',
    from: 'const detail = rules.ok && granted ? againstRules(world, granted, rules.value, standing, judged) : undefined',
    to: 'const detail = undefined as string | undefined; void againstRules; void rules; void granted',
    history: [step(obtain), step({ kind: 'rules', change: 'no alice', approved: true })],
  },
  {
    name: 'who is gone keeps the access',
    file: 'src/end-disallowed.ts',
    from: "if (permission !== 'none') return undefined",
    to: 'return undefined',
    history: [step(obtain), step({ kind: 'leave', who: 'alice' })],
  },
  {
    name: 'sessions in use outlive an early end',
    file: 'src/aws/grant-writer.ts',
    from: 'await putDenial(on, policyText(endedPolicy(at, because)), DENIAL_REMEDIES)',
    to: 'void putDenial',
    history: [step(obtain), step({ kind: 'revoke', on: 0, by: 'olivia' })],
  },
  {
    name: 'what was given back before it was given waits for the next look',
    file: 'src/reconcile.ts',
    from: 'if (written.length + changes.size > 0)',
    to: 'if (false as boolean)',
    history: [
      {
        ...step({ ...obtain, ahead: 900 }, { kind: 'revoke', on: 0, by: 'alice' }),
        trouble: { kind: 'down', what: 'github' },
      },
      { ...step(), seconds: 3600 },
    ],
  },
  {
    name: 'paused rules stop nothing',
    file: 'src/judge-added.ts',
    from: 'if (rules.value.paused) return unknown(',
    to: 'if (false as boolean) return unknown(',
    history: [step({ kind: 'rules', change: 'pause', approved: true }, obtain)],
  },
  {
    name: 'rules and owners that nobody approved are trusted',
    file: judgement,
    from: 'fault: ({ trustRoot }) => (trustRoot.holds ? undefined : trustRoot.message),',
    to: 'fault: () => undefined,',
    history: [step({ kind: 'usurp' }, obtain)],
  },
]

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** What runs a history; the rest is linked to. */
const COPIED = ['src', 'test/proof', 'test/support', 'test/contract']
const LINKED = ['node_modules', 'deploy', 'app.yml', 'package.json', 'tsconfig.json']

/** What the oracle says of the bug's history; undefined where it notices nothing. */
export async function hunt(mutant: Mutant): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'daypass-mutant-'))
  try {
    for (const path of COPIED) await cp(join(ROOT, path), join(directory, path), { recursive: true })
    for (const path of LINKED) await symlink(join(ROOT, path), join(directory, path))
    const file = join(directory, mutant.file)
    const source = await readFile(file, 'utf8')
    if (source.split(mutant.from).length !== 2)
      throw new Error(`${mutant.file} does not hold once: ${mutant.from}`)
    await writeFile(
      file,
      source.replace(mutant.from, () => mutant.to),
    )
    const output = await simulate(directory, ['--history', JSON.stringify(mutant.history)])
    if (!output.includes('1 histories')) throw new Error(output)
    return /^(?:Error: )?(step \d+: .*)$/m.exec(output)?.[1]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** What `npm run simulate` prints, run below a folder. */
export function simulate(cwd: string, options: readonly string[]): Promise<string> {
  const args = ['--import', 'tsx', 'test/proof/simulation/simulate.ts', ...options]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd }, (_, stdout, stderr) => resolve(stdout || stderr))
  })
}
