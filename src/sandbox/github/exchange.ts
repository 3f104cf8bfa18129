/** What went over the wire, for the tests that hold it against GitHub's published schemas. */
export type Exchange = RestExchange | WebhookExchange

export interface RestExchange {
  readonly kind: 'rest'
  readonly method: string
  /** Without the `/api/v3` in front, without the query. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly requestBody: unknown
  readonly status: number
  /** Without parameters; empty when there is no body. */
  readonly contentType: string
  /** Parsed JSON, or text for other content types; undefined when there is no body. */
  readonly responseBody: unknown
}

export interface WebhookExchange {
  readonly kind: 'webhook'
  readonly event: string
  readonly action: string | undefined
  readonly payload: unknown
}
