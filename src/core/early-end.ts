/** Ending access before its time: what counts as asking for it, and who may. */
import { countingOwners, isPerson } from './approvers.ts'
import type { PathOwners, Person } from './evidence.ts'

/** How the first line of a comment begins, on the request's pull request or on one that extended it. */
export const END_COMMAND = '/daypass revoke'

/** The button on the check run of a grant: its identifier. */
export const END_ACTION = 'end-access'
export const END_BUTTON = 'End access now'

/** Somebody asks for the end of an access. It may only ever end access, so that to forge one would give nothing. */
export interface EndOrder {
  /** Null: an account that is gone. */
  readonly by: Person | null
  /** Anybody with write access can edit the comment of somebody else, so an edited one is nobody's word. */
  readonly edited: boolean
}

export type RefusedOrder = EndOrder & { readonly why: 'edited' | 'not-entitled' }

export type OrdersRead =
  | { readonly kind: 'end'; readonly by: Person }
  | { readonly kind: 'go-on'; readonly refused: readonly RefusedOrder[] }

const BEGINS_WITH_COMMAND = new RegExp(`^${END_COMMAND.replace(' ', '\\s+')}(?![\\w-])`, 'i')

/** An e-mail reply quotes what it answers, so only a first line counts; phones write its first letter large. */
export function isEndCommand(comment: string): boolean {
  return BEGINS_WITH_COMMAND.test(comment.split('\n', 1)[0]?.trim() ?? '')
}

/** Whom the access was for may give it back, and an owner of the path may take it back. */
export function readOrders(
  orders: readonly EndOrder[],
  requester: Person | undefined,
  owners: PathOwners,
): OrdersRead {
  const entitled = new Set([requester?.id, ...countingOwners(owners).keys()])
  const refused: RefusedOrder[] = []
  for (const order of orders) {
    const { by, edited } = order
    if (by === null || !isPerson(by)) continue
    if (edited) refused.push({ ...order, why: 'edited' })
    else if (entitled.has(by.id)) return { kind: 'end', by }
    else refused.push({ ...order, why: 'not-entitled' })
  }
  return { kind: 'go-on', refused }
}
