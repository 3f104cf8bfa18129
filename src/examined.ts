/** What is found of a pull request or a merge group, for its two checks. */
import { type ApprovalFinding, waitsFor } from './core/report-approval.ts'
import type { BlockedRequest, RequestFinding } from './core/report-request.ts'

export interface Examined {
  readonly request: RequestFinding
  readonly approval: ApprovalFinding
  /** Whether it asks for access, so that people wait for it; undefined where that can't be told. */
  readonly asks: boolean | undefined
}

/** Where an approval is of no use before what the request's check says is settled. */
export function waits(request: BlockedRequest): Examined {
  return { request, approval: waitsFor(request), asks: true }
}

/** Where GitHub does not tell enough to say anything. */
export function cutOff(message: string): Examined {
  const code = 'cut-off'
  return {
    request: { kind: 'unknown', code, message },
    approval: { kind: 'waits', code, sentence: message },
    asks: undefined,
  }
}
