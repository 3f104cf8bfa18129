/** The one way the sandbox's AWS says no: an error that carries what goes over the wire. */
export class AwsError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Further elements of the answer, such as S3's `Region`. */
    readonly details: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }
}

export const accessDenied = (message: string) => new AwsError(403, 'AccessDenied', message)
export const validationError = (message: string) => new AwsError(400, 'ValidationError', message)
export const malformedPolicy = (message: string) => new AwsError(400, 'MalformedPolicyDocument', message)
export const noSuchEntity = (message: string) => new AwsError(404, 'NoSuchEntity', message)
export const limitExceeded = (message: string) => new AwsError(409, 'LimitExceeded', message)
