/** Answers that refuse, in GitHub's shapes. */
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

  constructor(status: number, message: string, errors?: readonly (FieldError | string)[]) {
    super(message)
    this.status = status
    this.errors = errors
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

export function refusalBody(refusal: Refused): Record<string, unknown> {
  return {
    message: refusal.message,
    ...(refusal.errors ? { errors: refusal.errors } : {}),
    documentation_url: 'https://docs.github.com/rest',
    status: String(refusal.status),
  }
}
