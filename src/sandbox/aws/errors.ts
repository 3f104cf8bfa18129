/** The one way the sandbox's AWS says no: an error that carries what goes over the wire. */
import type { OrderedRefusal } from '../reply.ts'

export class AwsError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Further elements of the answer, such as S3's `Region`. */
    readonly details: Readonly<Record<string, string>> = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }
}

export const accessDenied = (message: string) => new AwsError(403, 'AccessDenied', message)
export const validationError = (message: string) => new AwsError(400, 'ValidationError', message)
export const malformedPolicy = (message: string) => new AwsError(400, 'MalformedPolicyDocument', message)
export const noSuchEntity = (message: string) => new AwsError(404, 'NoSuchEntity', message)
export const deleteConflict = (problem: string) =>
  new AwsError(409, 'DeleteConflict', `Cannot delete entity, ${problem}`)
export const limitExceeded = (message: string) => new AwsError(409, 'LimitExceeded', message)

type ServiceName = 'iam' | 'sts' | 's3'

/** A refusal that somebody ordered, in the words of the service. */
export function orderedRefusal(fault: OrderedRefusal, service: ServiceName): AwsError {
  if (fault.kind === 'status') {
    const code = fault.code ?? codeOf(fault.status, service)
    return new AwsError(fault.status, code, 'Refused by order.', {}, fault.headers)
  }
  return service === 's3'
    ? new AwsError(503, 'SlowDown', 'Please reduce your request rate.')
    : new AwsError(400, 'Throttling', 'Rate exceeded')
}

function codeOf(status: number, service: ServiceName): string {
  if (status === 503) return 'ServiceUnavailable'
  if (status === 403) return 'AccessDenied'
  if (status < 500) return 'InvalidRequest'
  if (service === 's3') return 'InternalError'
  return service === 'iam' ? 'ServiceFailure' : 'InternalFailure'
}
