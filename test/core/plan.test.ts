import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Grant, StandingGrant } from '../../src/core/grant.ts'
import { type BranchFiles, nextWake, plan, type Situation, type Step } from '../../src/core/plan.ts'
import { ANALYTICS, HOUR, PROD, START, sampleGrant } from './grant-samples.ts'

const grant = sampleGrant()
const { path } = grant.identity
const END = grant.window.end
const onBranch: BranchFiles = new Map([[path, grant.blob]])
const live = standingOf(grant)
const ended = standingOf(grant, { kind: 'ended', at: START + 60, because: 'given-back' })

function standingOf(of: Grant, state: StandingGrant['state'] = { kind: 'live' }): StandingGrant {
  const { identity, account, roleName, rolePath, roleArn, blob, window } = of
  return { identity, account, roleName, rolePath, roleArn, blob, window, state }
}

function planned(situation: Partial<Situation>): string[] {
  const steps = plan({ desired: [], branch: onBranch, standing: [], now: START, ...situation })
  return steps.map((step) => ('because' in step ? `${step.kind} ${step.because}` : step.kind))
}

describe('a grant that is desired', () => {
  test('is written before its window opens, and until its last second', () => {
    expect(planned({ desired: [grant], now: START - 1 })).toEqual(['grant'])
    expect(planned({ desired: [grant], now: START })).toEqual(['grant'])
    expect(planned({ desired: [grant], now: END - 1 })).toEqual(['grant'])
  })

  test('is not granted after its window', () => {
    expect(planned({ desired: [grant], now: END })).toEqual([])
  })

  test('is kept where it stands, and can be completed from what is desired', () => {
    const [step] = plan({ desired: [grant], branch: onBranch, standing: [live], now: START })
    expect(step).toEqual({ kind: 'keep', standing: live, until: END, grant })
  })

  test('stays ended where it ended early', () => {
    expect(planned({ desired: [grant], standing: [ended] })).toEqual(['keep'])
  })

  test('is not granted while the branch can not be read, or holds other bytes', () => {
    expect(planned({ desired: [grant], branch: 'unreadable' })).toEqual([])
    expect(planned({ desired: [grant], branch: new Map() })).toEqual([])
    expect(planned({ desired: [grant], branch: new Map([[path, 'b'.repeat(40)]]) })).toEqual([])
  })

  test('is granted once, however often it is desired', () => {
    expect(planned({ desired: [grant, grant] })).toEqual(['grant'])
  })

  test('is granted in its own account although a role of its name stands in another', () => {
    const elsewhere = standingOf(sampleGrant({ account: ANALYTICS }))
    expect(planned({ desired: [grant], standing: [elsewhere] })).toEqual(['grant', 'keep'])
  })
})

describe('a live grant', () => {
  test('is kept while its bytes are on the branch, desired or not', () => {
    expect(planned({ standing: [live] })).toEqual(['keep'])
  })

  test('is denied as soon as its file is gone', () => {
    expect(planned({ standing: [live], branch: new Map() })).toEqual(['deny file-removed'])
  })

  test('is weighed as soon as its file has other bytes, which may extend it', () => {
    const branch = new Map([[path, 'b'.repeat(40)]])
    expect(planned({ standing: [live], branch })).toEqual(['weigh'])
    expect(planned({ standing: [ended], branch })).toEqual(['keep'])
    expect(planned({ standing: [live], branch, now: END })).toEqual(['deny expired', 'remove expired'])
  })

  test('is left alone while the branch can not be read, but not longer than its window', () => {
    expect(planned({ standing: [live], branch: 'unreadable' })).toEqual(['keep'])
    expect(planned({ standing: [live], branch: 'unreadable', now: END })).toEqual([
      'deny expired',
      'remove expired',
    ])
  })

  test('is denied and then removed at the very second its window ends', () => {
    expect(planned({ standing: [live], now: END - 1 })).toEqual(['keep'])
    expect(planned({ standing: [live], now: END })).toEqual(['deny expired', 'remove expired'])
  })
})

describe('a grant that ended early', () => {
  test('is kept as a tombstone until its window is over, also when the branch is rewound', () => {
    expect(planned({ standing: [ended], branch: new Map(), now: END - 1 })).toEqual(['keep'])
    expect(planned({ standing: [ended], branch: onBranch, now: END - 1 })).toEqual(['keep'])
  })

  test('is removed then, and why it ended is not forgotten', () => {
    expect(planned({ standing: [ended], now: END })).toEqual(['remove given-back'])
  })
})

test('what takes access away comes before what gives it', () => {
  const over = standingOf(sampleGrant({ identity: { pull: 2 }, window: { start: 1, end: START } }))
  const gone = standingOf(sampleGrant({ identity: { pull: 3, path: 'access-requests/prod/b/gone.yaml' } }))
  expect(planned({ desired: [grant], standing: [over, gone] })).toEqual([
    'deny expired',
    'deny file-removed',
    'remove expired',
    'grant',
  ])
})

describe('the next time to wake', () => {
  const later = sampleGrant({ identity: { pull: 2 }, window: { start: START + HOUR, end: START + 2 * HOUR } })

  test('is the earliest opening or end to come', () => {
    expect(nextWake({ desired: [grant, later], standing: [live], now: START })).toBe(START + HOUR)
    expect(nextWake({ desired: [grant], standing: [live], now: START })).toBe(END)
    expect(nextWake({ desired: [], standing: [ended], now: START })).toBe(END)
    expect(nextWake({ desired: [grant], standing: [], now: START - 1 })).toBe(START)
  })

  test('is none when nothing is to come', () => {
    expect(nextWake({ desired: [grant], standing: [live], now: END })).toBeUndefined()
  })
})

/** What IAM holds after the steps, no change of a file having been approved; throws at a step that the design forbids. */
function apply(steps: readonly Step[], standing: readonly StandingGrant[], now: number): StandingGrant[] {
  const world = new Map(standing.map((role) => [role.roleArn, role]))
  for (const step of steps) {
    if (step.kind === 'grant') {
      if (world.has(step.grant.roleArn)) throw new Error('granted over a role that stands')
      world.set(step.grant.roleArn, standingOf(step.grant))
    } else if (step.kind === 'deny' || step.kind === 'weigh') {
      const because = step.kind === 'deny' ? step.because : 'file-changed'
      const state = { kind: 'ended', at: now, because } as const
      world.set(step.standing.roleArn, { ...step.standing, state })
    } else if (step.kind === 'remove') {
      if (world.get(step.standing.roleArn)?.state.kind !== 'ended')
        throw new Error('removed without a denial')
      world.delete(step.standing.roleArn)
    }
  }
  return [...world.values()]
}

const BLOBS = ['a'.repeat(40), 'b'.repeat(40)]
const anyGrant = fc
  .record({
    account: fc.constantFrom(PROD, ANALYTICS),
    pull: fc.integer({ min: 1, max: 3 }),
    blob: fc.constantFrom(...BLOBS),
    start: fc.integer({ min: START - 5, max: START + 5 }),
    length: fc.integer({ min: 1, max: 8 }),
  })
  .map(({ account, pull, blob, start, length }) => {
    const file = `access-requests/${account.alias}/some-bucket/r${pull}.yaml`
    return sampleGrant({
      account,
      identity: { path: file, pull },
      blob,
      window: { start, end: start + length },
    })
  })
const anyState = fc.oneof(
  fc.constant({ kind: 'live' } as const),
  fc
    .constantFrom('expired', 'file-removed', 'given-back')
    .map((because) => ({ kind: 'ended', at: START, because }) as const),
)
const anyBranch: fc.Arbitrary<BranchFiles> = fc.oneof(
  fc.constant('unreadable' as const),
  fc
    .array(fc.tuple(anyGrant, fc.constantFrom(...BLOBS)), { maxLength: 6 })
    .map((files) => new Map(files.map(([{ identity }, blob]) => [identity.path, blob]))),
)
/** One request has one window: what stands and what is desired of it agree. */
const anySituation: fc.Arbitrary<Situation> = fc
  .record({
    requests: fc.uniqueArray(
      fc.record({ grant: anyGrant, state: fc.option(anyState), isDesired: fc.boolean() }),
      { maxLength: 6, selector: ({ grant }) => grant.roleArn },
    ),
    branch: anyBranch,
    now: fc.integer({ min: START - 8, max: START + 16 }),
  })
  .map(({ requests, branch, now }) => ({
    desired: requests.flatMap(({ grant, isDesired }) => (isDesired ? [grant] : [])),
    standing: requests.flatMap(({ grant, state }) => (state ? [standingOf(grant, state)] : [])),
    branch,
    now,
  }))

describe('whatever the situation', () => {
  test('planning again after the plan was carried out changes nothing', () => {
    fc.assert(
      fc.property(anySituation, (situation) => {
        const standing = apply(plan(situation), situation.standing, situation.now)
        const again = plan({ ...situation, standing })
        expect(again.filter(({ kind }) => kind !== 'keep')).toEqual([])
      }),
    )
  })

  test('nothing is granted after its window, off the branch, or over what ended', () => {
    fc.assert(
      fc.property(anySituation, (situation) => {
        for (const step of plan(situation)) {
          if (step.kind !== 'grant') continue
          const { window, identity, blob, roleArn } = step.grant
          expect(situation.now).toBeLessThan(window.end)
          expect(situation.branch !== 'unreadable' && situation.branch.get(identity.path)).toBe(blob)
          expect(situation.standing.map((role) => role.roleArn)).not.toContain(roleArn)
        }
      }),
    )
  })

  test('no access stands after its window, and none for a file that left the branch', () => {
    fc.assert(
      fc.property(anySituation, (situation) => {
        for (const { state, window, identity, blob } of apply(
          plan(situation),
          situation.standing,
          situation.now,
        )) {
          expect(situation.now).toBeLessThan(window.end)
          if (state.kind === 'live' && situation.branch !== 'unreadable')
            expect(situation.branch.get(identity.path)).toBe(blob)
        }
      }),
    )
  })

  test('a tombstone stays until its window is over', () => {
    fc.assert(
      fc.property(anySituation, (situation) => {
        const after = apply(plan(situation), situation.standing, situation.now)
        for (const role of situation.standing)
          if (role.state.kind === 'ended' && situation.now < role.window.end)
            expect(after).toContainEqual(role)
      }),
    )
  })

  test('every step is about a role that stands or is desired, in its own account', () => {
    fc.assert(
      fc.property(anySituation, (situation) => {
        const known = new Set(
          [...situation.desired, ...situation.standing].map(
            ({ roleArn, account }) => `${account} ${roleArn}`,
          ),
        )
        for (const step of plan(situation)) {
          const { roleArn, account } = step.kind === 'grant' ? step.grant : step.standing
          expect(known).toContain(`${account} ${roleArn}`)
        }
      }),
    )
  })

  test('while the branch can not be read only the end of a window acts', () => {
    fc.assert(
      fc.property(anySituation, (situation) => {
        for (const step of plan({ ...situation, branch: 'unreadable' }))
          if (step.kind !== 'keep') {
            expect(step.kind).not.toBe('grant')
            expect('standing' in step && step.standing.window.end).toBeLessThanOrEqual(situation.now)
          }
      }),
    )
  })
})
