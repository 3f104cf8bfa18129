/** A request: one YAML file that asks for read access to one bucket; read, checked, every problem named at once. */

/** Where a request lies; the path names the account and the bucket, so that CODEOWNERS decides who may approve. */
export interface RequestLocation {
  /** `access-requests/<account>/<bucket>/<name>.yaml` */
  readonly path: string
  readonly account: string
  readonly bucket: string
  readonly name: string
}

export interface AccessRequest {
  /** GitHub login. */
  readonly requester: string
  readonly reason: string
  readonly ticket?: string
  /** `read`: list and get; `list`: names only. */
  readonly access: 'read' | 'list'
  /** Empty: the whole bucket. */
  readonly prefixes: readonly string[]
  readonly durationSeconds: number
  /** Seconds since the epoch; missing: the merge. */
  readonly start?: number
}
