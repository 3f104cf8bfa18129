/** The plan: which steps lead from what stands in IAM to what should stand there now. Deciding only; no step is taken here. */
import type { EndReason, Grant, StandingGrant } from './grant.ts'
import { phaseOf } from './window.ts'

export type Step =
  | { readonly kind: 'grant'; readonly grant: Grant }
  /** Makes the role deny everything, sessions in use included. */
  | { readonly kind: 'deny'; readonly standing: StandingGrant; readonly because: EndReason }
  /** The file has other bytes by now. Whether they extend the grant has to be judged; where they don't, it is denied. */
  | { readonly kind: 'weigh'; readonly standing: StandingGrant }
  /** `standing` is denied by then; its receipt is written first. Not to be taken where the role's denial failed. */
  | { readonly kind: 'remove'; readonly standing: StandingGrant; readonly because: EndReason }
  /** `grant`: what is desired of a live role; writing it again completes or tightens it. `until`: seconds since the epoch. */
  | {
      readonly kind: 'keep'
      readonly standing: StandingGrant
      readonly until: number
      readonly grant?: Grant
    }

/** Blob by path: every request on the branch. */
export type BranchFiles = 'unreadable' | ReadonlyMap<string, string>

/** Of one commit of the branch. */
export function filesOf({
  requests,
}: {
  readonly requests: readonly { readonly path: string; readonly blob: string }[]
}): ReadonlyMap<string, string> {
  return new Map(requests.map(({ path, blob }) => [path, blob]))
}

export interface Situation {
  /** Approved for the bytes on the branch. None of an account whose roles could not be listed. */
  readonly desired: readonly Grant[]
  readonly branch: BranchFiles
  readonly standing: readonly StandingGrant[]
  /** Seconds since the epoch. */
  readonly now: number
}

/** What takes access away comes first, so that nothing that gives it can stand in the way. */
const ORDER: readonly Step['kind'][] = ['deny', 'remove', 'weigh', 'grant', 'keep']

export function plan({ desired, branch, standing, now }: Situation): readonly Step[] {
  const wanted = new Map(desired.map((grant) => [grant.roleArn, grant]))
  const present = new Set(standing.map(({ roleArn }) => roleArn))
  const steps = [
    ...standing.flatMap((role) => stepsFor(role, wanted.get(role.roleArn), branch, now)),
    ...[...wanted.values()]
      // A role that stands ended is among the present: an early end is never granted again. Before its start a grant is
      // written already: its dates open it, to the second and also while the app is down.
      .filter(
        (grant) =>
          !present.has(grant.roleArn) && phaseOf(grant.window, now) !== 'over' && isOnBranch(grant, branch),
      )
      .map((grant): Step => ({ kind: 'grant', grant })),
  ]
  return ORDER.flatMap((kind) => steps.filter((step) => step.kind === kind))
}

function stepsFor(
  standing: StandingGrant,
  grant: Grant | undefined,
  branch: BranchFiles,
  now: number,
): readonly Step[] {
  const { state, window } = standing
  if (phaseOf(window, now) === 'over') {
    if (state.kind === 'ended') return [{ kind: 'remove', standing, because: state.because }]
    const denied: StandingGrant = { ...standing, state: { kind: 'ended', at: now, because: 'expired' } }
    return [
      { kind: 'deny', standing, because: 'expired' },
      { kind: 'remove', standing: denied, because: 'expired' },
    ]
  }
  if (state.kind === 'ended') return [{ kind: 'keep', standing, until: window.end }]
  if (standing.altered) return [{ kind: 'deny', standing, because: 'role-altered' }]
  // A branch that could not be read says nothing of the file.
  if (branch !== 'unreadable') {
    const found = branch.get(standing.identity.path)
    if (found === undefined) return [{ kind: 'deny', standing, because: 'file-removed' }]
    if (found !== standing.blob) return [{ kind: 'weigh', standing }]
  }
  return [{ kind: 'keep', standing, until: window.end, ...(grant && { grant }) }]
}

function isOnBranch({ identity, blob }: Grant, branch: BranchFiles): boolean {
  return branch !== 'unreadable' && branch.get(identity.path) === blob
}

/** The earliest opening or end that is still to come, in seconds since the epoch. */
export function nextWake({ desired, standing, now }: Omit<Situation, 'branch'>): number | undefined {
  const instants = [...desired, ...standing].flatMap(({ window }) => [window.start, window.end])
  const future = instants.filter((instant) => instant > now)
  return future.length > 0 ? Math.min(...future) : undefined
}
