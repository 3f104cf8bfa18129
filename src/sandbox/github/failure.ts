/** Answers that refuse, in GitHub's shapes. */
import type { OrderedRefusal } from '../reply.ts'

export interface FieldError {
  readonly resource: string
  readonly field?: string
  readonly code: string
  readonly message?: string
}

/** Thrown by a route, answered as `status` with GitHub's error body. */
export class Refused extends Error {
  readonly status: number
  readonly errors: readonly (FieldError | string)[] | undefined
  /** Sent beside the common ones, or in their place. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    message: string,
    errors?: readonly (FieldError | string)[],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.status = status
    this.errors = errors
    this.headers = headers
  }
}

export function notFound(): Refused {
  return new Refused(404, 'Not Found')
}

export function notAccessible(): Refused {
  return new Refused(403, 'Resource not accessible by integration')
}

export function invalid(resource: string, field: string, code: string, message?: string): Refused {
  return new Refused(422, 'Validation Failed', [{ resource, field, code, ...(message ? { message } : {}) }])
}

export const PRIMARY_LIMIT = 'API rate limit exceeded.'
export const SECONDARY_LIMIT =
  'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'

/** Not GitHub's own doing: it need not be what GitHub would answer there. */
export class RefusedByOrder extends Refused {}

/** A refusal that somebody ordered; `reset` is when the hourly limit begins anew, in epoch seconds. */
export function orderedRefusal(fault: OrderedRefusal, reset: number): RefusedByOrder {
  switch (fault.kind) {
    case 'status':
      return new RefusedByOrder(fault.status, 'Refused by order', undefined, fault.headers)
    case 'throttle':
      return new RefusedByOrder(fault.status ?? 403, PRIMARY_LIMIT, undefined, {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(reset),
      })
    case 'secondary-limit':
      return new RefusedByOrder(fault.status ?? 403, SECONDARY_LIMIT, undefined, {
        'retry-after': String(fault.retryAfter),
      })
  }
}

export function refusalBody(refusal: Refused): Record<string, unknown> {
  return {
    message: refusal.message,
    ...(refusal.errors ? { errors: refusal.errors } : {}),
    documentation_url: 'https://docs.github.com/rest',
    status: String(refusal.status),
  }
}
