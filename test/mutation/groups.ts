/** What is changed, and the tests that have to notice: each group by the tests of its own alone. */

export interface Group {
  readonly name: string
  readonly files: readonly string[]
  readonly tests: readonly string[]
}

const core = (names: readonly string[]) => names.map((name) => `src/core/${name}.ts`)
const tests = (names: readonly string[]) => names.map((name) => `test/core/${name}.test.ts`)

export const GROUPS: readonly Group[] = [
  {
    name: 'approval',
    files: core(['approval', 'approvals', 'approval-checks', 'approvers', 'fallback']),
    tests: tests(['approval', 'fallback', 'approval-standing', 'judgement-doc', 'trust']),
  },
  {
    name: 'codeowners',
    files: core(['codeowners', 'codeowners-pattern', 'codeowners-problems']),
    tests: tests(['codeowners', 'problems']),
  },
  {
    name: 'request',
    files: core(['request', 'prefixes', 'asked', 'shape', 'requester']),
    tests: [...tests(['request', 'asked', 'shape', 'rules', 'problems', 'record']), 'test/examples.test.ts'],
  },
  {
    name: 'grant',
    files: core(['grant', 'grant-policies']),
    tests: tests(['grant', 'grant-policies', 'policy-format']),
  },
]
