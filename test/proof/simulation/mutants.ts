/** Bugs put in on purpose, each in a copy of the product: whether the histories show that something is wrong. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Mutant {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}

const approvals = 'src/core/approvals.ts'
const judgement = 'src/core/approval-checks.ts'

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'approvals of other bytes count',
    file: approvals,
    from: "if (review.file === undefined || !sameFile(review.file, file)) return 'other-bytes'",
    to: '',
  },
  {
    name: 'anybody may approve',
    file: approvals,
    from: "if (standing !== 'owner') return NO_OWNER[standing]",
    to: '',
  },
  {
    name: 'no approval is needed',
    file: judgement,
    from: 'fault: ofPull(approvalsFault),',
    to: 'fault: () => undefined,',
  },
  {
    name: 'windows are twice as long',
    file: 'src/core/window.ts',
    from: 'return { start, end: start + request.durationSeconds }',
    to: 'return { start, end: start + 2 * request.durationSeconds }',
  },
  {
    name: 'the whole bucket is opened',
    file: 'src/core/grant-policies.ts',
    from: 'const objects = prefixes.length > 0 ?',
    to: 'const objects = prefixes.length > 99 ?',
  },
  {
    name: 'nobody hears who gives access back',
    file: 'src/core/early-end.ts',
    from: "return comment.split('\\n', 1)[0]?.trim() === END_COMMAND",
    to: 'return false',
  },
  {
    name: 'everybody may end the access of others',
    file: 'src/core/early-end.ts',
    from: 'else if (entitled.has(by.id))',
    to: 'else if (entitled.size > 0)',
  },
  {
    name: 'a file that is off the branch keeps its access',
    file: 'src/core/plan.ts',
    from: "if (found === undefined) return [{ kind: 'deny', standing, because: 'file-removed' }]",
    to: "if (found === undefined) return [{ kind: 'keep', standing, until: window.end }]",
  },
  {
    name: 'rules that were tightened end nothing',
    file: 'src/end-disallowed.ts',
    from: 'const detail = rules.ok ? againstRules(world, snapshot, rules.value, standing, judged) : undefined',
    to: 'const detail = undefined as string | undefined; void againstRules; void rules',
  },
  {
    name: 'who is gone keeps the access',
    file: 'src/end-disallowed.ts',
    from: "if ((await github.reader.permissionOf(judged.author)) !== 'none') return undefined",
    to: 'return undefined',
  },
  {
    name: 'sessions in use outlive an early end',
    file: 'src/aws/grant-writer.ts',
    from: 'await putDenial(on, policyText(endedPolicy(at, because)), DENIAL_REMEDIES)',
    to: 'void putDenial',
  },
  {
    name: 'paused rules stop nothing',
    file: 'src/judge-added.ts',
    from: "if (rules.value.paused) return unknown('paused'",
    to: "if (false as boolean) return unknown('paused'",
  },
  {
    name: 'rules and owners that nobody approved are trusted',
    file: judgement,
    from: 'fault: ({ trustRoot }) => (trustRoot.holds ? undefined : trustRoot.message),',
    to: 'fault: () => undefined,',
  },
  {
    name: 'what an interrupted run began is not completed',
    file: 'src/uphold.ts',
    from: 'if (!world.memory.written.has(standing.roleName)) {',
    to: 'if (false as boolean) {',
  },
]

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** What runs a history; the rest is linked to. */
const COPIED = ['src', 'test/proof', 'test/support', 'test/contract']
const LINKED = ['node_modules', 'deploy', 'app.yml', 'package.json', 'tsconfig.json']

export interface Hunt {
  readonly mutant: string
  /** What the oracle says; undefined where nothing was noticed. */
  readonly noticed: string | undefined
  /** Histories played until then. */
  readonly histories: number
}

export async function hunt(mutant: Mutant, histories: number, seed: number): Promise<Hunt> {
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
    const output = await simulate(directory, [
      '--histories',
      String(histories),
      '--seed',
      String(seed),
      '--first',
    ])
    const [, noticed] = /^(?:Error: )?(step \d+: .*)$/m.exec(output) ?? []
    const [, played] = /(\d+) histories/.exec(output) ?? []
    if (played === undefined) throw new Error(output)
    return { mutant: mutant.name, noticed, histories: Number(played) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function simulate(cwd: string, options: readonly string[]): Promise<string> {
  const args = ['--import', 'tsx', 'test/proof/simulation/simulate.ts', ...options]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, maxBuffer: 2 ** 26 }, (_, stdout) => resolve(stdout))
  })
}
