import { describe, expect, test } from 'vitest'
import type { RestExchange } from '../../src/sandbox/github/exchange.ts'
import { checkExchange } from './github-schema.ts'

const exchange = (given: Partial<RestExchange>): RestExchange => ({
  kind: 'rest',
  method: 'GET',
  path: '/rate_limit',
  query: {},
  requestBody: undefined,
  status: 200,
  contentType: 'application/json',
  responseBody: { message: 'Nothing' },
  ...given,
})

describe('the contract', () => {
  test('names what a response lacks', () => {
    expect(checkExchange(exchange({}))[0]).toContain("must have required property 'rate'")
  })

  test('names a status that GitHub never answers there, and an error without a message', () => {
    expect(checkExchange(exchange({ status: 201 }))[0]).toContain('does not answer 201')
    expect(checkExchange(exchange({ status: 403, responseBody: {} }))[0]).toContain('without a message')
    expect(checkExchange(exchange({ status: 403 }))).toEqual([])
  })

  test('knows only operations of GitHub’s', () => {
    expect(checkExchange(exchange({ path: '/made/up' }))).toEqual([
      "GET /made/up is not an operation of GitHub's",
    ])
    expect(checkExchange(exchange({ path: '/made/up', status: 404 }))).toEqual([])
  })

  test('holds requests to their body and their query', () => {
    const path = '/repos/acme/access/check-runs'
    const request = { method: 'POST', path, status: 201, responseBody: {} }
    const long = { name: 'x', head_sha: 'y', output: { title: 't', summary: 'x'.repeat(70_000) } }
    expect(checkExchange(exchange({ ...request, requestBody: long }))[0]).toContain('/output/summary')
    expect(checkExchange(exchange({ ...request, requestBody: { name: 'x' } }))[0]).toContain('head_sha')
    const query = { page: 'one', colour: 'red' }
    const problems = checkExchange(exchange({ path: '/repos/acme/access/pulls', query, responseBody: [] }))
    expect(problems).toHaveLength(2)
  })

  test('takes the more special of two paths', () => {
    const comments = exchange({ path: '/repos/acme/access/issues/comments', responseBody: [] })
    expect(checkExchange(comments)).toEqual([])
  })

  test('holds webhooks to event and action', () => {
    const payload = { action: 'opened', number: 1 }
    const problems = checkExchange({ kind: 'webhook', event: 'pull_request', action: 'opened', payload })
    expect(problems[0]).toContain("must have required property 'pull_request'")
    expect(checkExchange({ kind: 'webhook', event: 'made_up', action: undefined, payload })).toEqual([
      "made-up is not a webhook of GitHub's",
    ])
  })
})
