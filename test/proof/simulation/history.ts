/** What may happen in a history, as plain data that fast-check can make and shrink. */
import fc from 'fast-check'
import type { MergeMethod } from '../../support/branches.ts'

export const ASKERS = ['alice', 'mallory', 'bob'] as const
export const PEOPLE = ['alice', 'mallory', 'bob', 'olivia', 'oscar'] as const
export const FOLDERS = ['exports/2026/11/', 'internal/'] as const

export type Asker = (typeof ASKERS)[number]
export type Login = (typeof PEOPLE)[number]
export type Folder = (typeof FOLDERS)[number]

export const RULE_CHANGES = [
  'shorter',
  'longer',
  'pause',
  'go on',
  'no bucket',
  'bucket',
  'no alice',
  'alice',
  'broken',
  'mended',
] as const
export type RuleChange = (typeof RULE_CHANGES)[number]

export interface Wish {
  readonly who: Asker
  readonly hours: number
  readonly folder: Folder
  /** In how many seconds access is to begin; 0 or left out: with the merge. */
  readonly ahead?: number
}

/** `on` counts the requests made so far, around and around. */
export type Act =
  | ({ readonly kind: 'ask' } & Wish)
  /** Asked, approved and merged as it should be. */
  | ({ readonly kind: 'obtain'; readonly method?: MergeMethod } & Wish)
  | { readonly kind: 'push'; readonly on: number; readonly by: Login; readonly hours: number }
  | { readonly kind: 'approve'; readonly on: number; readonly by: Login }
  | { readonly kind: 'merge'; readonly on: number; readonly by: Login; readonly method?: MergeMethod }
  /** On the pull request of the request, or on the newest that was to extend it. */
  | {
      readonly kind: 'revoke'
      readonly on: number
      readonly by: Login
      readonly where?: 'request' | 'extension'
    }
  /** By a pull request of whom it is for, approved and merged as it should be, or merged without approval. */
  | { readonly kind: 'extend'; readonly on: number; readonly hours: number; readonly approved: boolean }
  /** Pushes right to the default branch. */
  | { readonly kind: 'remove' | 'alter' | 'restore' | 'blink'; readonly on: number }
  /** Forces the default branch back by so many steps, unless another version of rules or owners would lie there. */
  | { readonly kind: 'rewind'; readonly steps: number }
  | { readonly kind: 'plant'; readonly who: Asker }
  | { readonly kind: 'rules'; readonly change: RuleChange; readonly approved: boolean }
  | { readonly kind: 'usurp' }
  | { readonly kind: 'leave'; readonly who: Asker }
  | { readonly kind: 'tamper'; readonly on: number }

export type Trouble =
  | { readonly kind: 'none' | 'replica' }
  | { readonly kind: 'killed' | 'unheard'; readonly call: number }
  | { readonly kind: 'down'; readonly what: 'github' | 'iam writes' | 'iam reads' | 'aws' }

export interface Step {
  /** Goes by before anything else, in seconds. */
  readonly seconds: number
  /** Happen before the app looks. */
  readonly acts: readonly Act[]
  /** Befalls the app at its first look. */
  readonly trouble: Trouble
}

export type History = readonly Step[]

/** At once, and with no trouble. */
export function step(...acts: readonly Act[]): Step {
  return { seconds: 0, acts, trouble: { kind: 'none' } }
}

const on = fc.nat({ max: 5 })
const by = fc.constantFrom(...PEOPLE)
const who = fc.constantFrom(...ASKERS)
const hours = fc.constantFrom(1, 4, 13)
const folder = fc.constantFrom(...FOLDERS)
const ahead = fc.constantFrom(0, 0, 0, 900, 2 * 3600)
const method = fc.constantFrom<MergeMethod>('merge', 'merge', 'squash', 'rebase')

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask'), who, hours, folder, ahead }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('obtain'),
      who,
      hours: fc.constantFrom(1, 4),
      folder,
      ahead,
      method,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('push'), on, by, hours }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('approve'), on, by }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('merge'), on, by, method }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('revoke'),
      on,
      by,
      where: fc.constantFrom('request', 'request', 'extension'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('extend'),
      on,
      hours: fc.constantFrom(2, 6, 13),
      approved: fc.oneof(
        { weight: 3, arbitrary: fc.constant(true) },
        { weight: 1, arbitrary: fc.constant(false) },
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('remove', 'alter', 'restore', 'blink'), on }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rewind'), steps: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('plant'), who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('rules'),
      change: fc.constantFrom(...RULE_CHANGES),
      approved: fc.oneof(
        { weight: 3, arbitrary: fc.constant(true) },
        { weight: 1, arbitrary: fc.constant(false) },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('usurp') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave'), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tamper'), on }) },
)

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('none') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replica') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('killed', 'unheard'),
      call: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('down'),
      what: fc.constantFrom('github', 'iam writes', 'iam reads', 'aws'),
    }),
  },
)

const anyStep: fc.Arbitrary<Step> = fc.record({
  seconds: fc.constantFrom(0, 0, 30, 600, 3600, 4 * 3600),
  acts: fc.array(act, { minLength: 1, maxLength: 3 }),
  trouble,
})

export const histories: fc.Arbitrary<History> = fc.array(anyStep, { minLength: 2, maxLength: 8 })
