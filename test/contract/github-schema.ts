/** Holds what went over the wire against GitHub's own published schemas, and says in sentences what does not fit. */
import { readFileSync } from 'node:fs'
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { Exchange, RestExchange, WebhookExchange } from '../../src/sandbox/github/exchange.ts'
import { toJsonSchema } from './json-schema.ts'

/**
 * Operations of GitHub that the published extract leaves out and the sandbox has all the same, so that people can
 * fork, join and leave, or ask for all checks again: the app calls none of them.
 */
const OUTSIDE_THE_EXTRACT = [
  /^POST \/repos\/[^/]+\/[^/]+\/forks$/,
  /^POST \/repos\/[^/]+\/[^/]+\/check-suites\/\d+\/rerequest$/,
  /^(PUT|DELETE) \/repos\/[^/]+\/[^/]+\/collaborators\/[^/]+$/,
  /^(PATCH|DELETE) \/repos\/[^/]+\/[^/]+$/,
  /^(PUT|DELETE) \/app\/installations\/\d+\/suspended$/,
  /^POST \/graphql$/,
  /^GET \/repos\/[^/]+\/[^/]+\/git\/refs\/.+$/,
  /^(PUT|DELETE) \/orgs\/[^/]+\/teams\/[^/]+\/memberships\/[^/]+$/,
  /^DELETE \/orgs\/[^/]+\/members\/[^/]+$/,
]

/** Likewise of its webhooks. */
const HOOKS_OUTSIDE_THE_EXTRACT = new Set([
  'pull-request-auto-merge-enabled',
  'pull-request-auto-merge-disabled',
  'installation-unsuspend',
])

/** Redirects and refusals that any operation may answer with, whether its own description lists them or not. */
const COMMON_REFUSALS = new Set([301, 307, 400, 401, 403, 404, 405, 409, 413, 415, 422])

/** Sentences about what does not hold; an empty list: nothing. */
export function checkExchange(exchange: Exchange): string[] {
  return exchange.kind === 'rest' ? checkRest(exchange) : checkWebhook(exchange)
}

interface Operation {
  readonly name: string
  readonly method: string
  readonly pattern: RegExp
  readonly query: ReadonlyMap<string, Check>
  readonly body: Check | undefined
  readonly bodyRequired: boolean
  /** By status, then by content type; no content types: no body. */
  readonly responses: ReadonlyMap<number, ReadonlyMap<string, Check>>
}

type Json = Record<string, unknown>

/** Says what is wrong with a value; undefined: nothing. */
type Check = (value: unknown) => string | undefined

const ajv = new Ajv({
  strict: false,
  allErrors: true,
  validateFormats: true,
  allowUnionTypes: true,
  // Most schemas are used a few times only: to make their code better takes longer than it saves.
  code: { optimize: false },
})
for (const [name, check] of Object.entries({
  'date-time': (text: string) =>
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text),
  uri: (text: string) => URL.canParse(text),
  email: (text: string) => text.includes('@'),
  'uri-template': (text: string) => text.startsWith('http'),
  'repo.nwo': () => true,
  date: () => true,
  'timestamp-without-timezone': () => true,
})) {
  ajv.addFormat(name, check)
}
ajv.addFormat('int64', { type: 'number', validate: Number.isInteger })
ajv.addFormat('int32', { type: 'number', validate: Number.isInteger })
ajv.addFormat('float', { type: 'number', validate: () => true })

const rest = load('github-rest.json', 'rest')
const hooks = load('github-webhooks.json', 'hooks')
const operations = readOperations()

interface Published {
  readonly components: { readonly schemas: Readonly<Record<string, PublishedSchema>> }
}

interface PublishedSchema {
  readonly properties?: Readonly<Record<string, { readonly enum?: unknown[] }>>
}

function load(file: string, id: string): Json {
  const published: Published = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
  // GitHub itself gives this conclusion: the schemas of its webhooks know it, and this one leaves it out.
  published.components.schemas['check-run']?.properties?.conclusion?.enum?.push('stale')
  const document = toJsonSchema(published)
  ajv.addSchema({ $id: `https://${id}.test/`, ...asObject(document) })
  return asObject(document)
}

function readOperations(): Operation[] {
  return Object.entries(asObject(rest.paths)).flatMap(([path, methods]) =>
    Object.entries(asObject(methods)).map(([method, description]) =>
      readOperation(
        method.toUpperCase(),
        path,
        `/paths/${escapePointer(path)}/${method}`,
        asObject(description),
      ),
    ),
  )
}

function readOperation(method: string, path: string, pointer: string, description: Json): Operation {
  const body = asObject(description.requestBody)
  const query = new Map<string, Check>()
  for (const [index, parameter] of asList(description.parameters).entries()) {
    const [at, resolved] = follow(`${pointer}/parameters/${index}`, asObject(parameter))
    if (resolved.in === 'query') query.set(String(resolved.name), compile('rest', `${at}/schema`))
  }
  return {
    name: `${method} ${path}`,
    method,
    pattern: pathPattern(path),
    query,
    body: asObject(body.content)['application/json']
      ? compile('rest', `${pointer}/requestBody/content/application~1json/schema`)
      : undefined,
    bodyRequired: body.required === true,
    responses: new Map(
      Object.entries(asObject(description.responses)).map(([status, response]) => [
        Number(status),
        readContents(...follow(`${pointer}/responses/${status}`, asObject(response))),
      ]),
    ),
  }
}

function readContents(pointer: string, response: Json): ReadonlyMap<string, Check> {
  return new Map(
    Object.keys(asObject(response.content)).map((type) => [
      type,
      compile('rest', `${pointer}/content/${escapePointer(type)}/schema`),
    ]),
  )
}

/** Paths and refs may hold slashes; all other parameters are one segment. */
function pathPattern(path: string): RegExp {
  const source = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    ['path', 'ref', 'basehead', 'branch'].includes(name) ? '.+' : '[^/]+',
  )
  return new RegExp(`^${source}$`)
}

/** The operation with the most words of its own that fits: `/issues/comments` is no issue number. */
function findOperation(method: string, path: string): Operation | undefined {
  const fitting = operations.filter(
    (operation) => operation.method === method && operation.pattern.test(path),
  )
  const literal = ({ name }: Operation) => name.replace(/\{\w+\}/g, '').length
  return fitting.sort((a, b) => literal(b) - literal(a))[0]
}

function checkRest(exchange: RestExchange): string[] {
  const { method, path, status } = exchange
  if (OUTSIDE_THE_EXTRACT.some((pattern) => pattern.test(`${method} ${path}`))) return []
  const operation = findOperation(method, path.replace(/^\/repositories\/\d+/, '/repos/by/id'))
  if (!operation) return status === 404 ? [] : [`${method} ${path} is not an operation of GitHub's`]
  const problems = [...checkRequest(operation, exchange), ...checkResponse(operation, exchange)]
  return problems.map((problem) => `${operation.name} (${path}): ${problem}`)
}

/** What GitHub refused or led elsewhere may well have been wrong: only requests that were taken are held to the schema. */
function checkRequest(operation: Operation, { query, requestBody, status }: RestExchange): string[] {
  if (status >= 300) return []
  const problems: string[] = []
  for (const [name, value] of Object.entries(query)) {
    const check = operation.query.get(name)
    if (!check) problems.push(`has no query parameter ${name}`)
    else if (asTyped(value).every((typed) => check(typed)))
      problems.push(`query ${name}=${value} does not fit`)
  }
  if (requestBody === undefined) {
    if (operation.bodyRequired) problems.push('needs a request body')
  } else {
    const problem = operation.body?.(requestBody)
    if (problem) problems.push(`request body: ${problem}`)
  }
  return problems
}

/** A query has text only; the schema speaks of numbers and yes or no. */
function asTyped(value: string): unknown[] {
  const number = Number(value)
  return [
    value,
    ...(Number.isNaN(number) ? [] : [number]),
    ...(value === 'true' || value === 'false' ? [value === 'true'] : []),
  ]
}

function checkResponse(operation: Operation, { status, contentType, responseBody }: RestExchange): string[] {
  const contents = operation.responses.get(status)
  // A fault of the sandbox's own is never what GitHub would answer, though some operations list a 500.
  if (String(asObject(responseBody).message).startsWith('The sandbox failed'))
    return [JSON.stringify(responseBody)]
  if (status === 304) return responseBody === undefined ? [] : ['a 304 has no body']
  if (!contents || (contents.size === 0 && status >= 400)) {
    if (!COMMON_REFUSALS.has(status)) return [`does not answer ${status}: ${JSON.stringify(responseBody)}`]
    return isError(responseBody) ? [] : [`${status} without a message`]
  }
  if (contents.size === 0) return responseBody === undefined ? [] : [`${status} has no body`]
  // The extract leaves most of the special media types out.
  if (!contents.has(contentType) && contentType.startsWith('application/vnd.github')) return []
  const check = contents.get(contentType)
  if (!check) return [`${status} does not answer ${contentType || 'without a body'}`]
  const problem = check(responseBody)
  return problem ? [`${status} response: ${problem}`] : []
}

function isError(body: unknown): boolean {
  return typeof asObject(body).message === 'string'
}

const hookChecks = new Map<string, Check>()

function checkWebhook({ event, action, payload }: WebhookExchange): string[] {
  const name = [event, action].filter(Boolean).join('-').replaceAll('_', '-')
  if (HOOKS_OUTSIDE_THE_EXTRACT.has(name)) return []
  if (!(name in asObject(hooks.webhooks))) return [`${name} is not a webhook of GitHub's`]
  const pointer = `/webhooks/${name}/requestBody/content/application~1json/schema`
  const check = hookChecks.get(name) ?? compile('hooks', pointer)
  hookChecks.set(name, check)
  const problem = check(payload)
  return problem ? [`webhook ${name}: ${problem}`] : []
}

/** Compiled at the first use: a test meets few of the operations. */
function compile(document: 'rest' | 'hooks', pointer: string): Check {
  let validate: ValidateFunction | undefined
  return (value) => {
    validate ??= ajv.compile({ $ref: `https://${document}.test/#${encodePointer(pointer)}` })
    if (validate(value)) return undefined
    const left = validate.errors?.filter((error) => !isOfDeletedFork(error)) ?? []
    return left.length > 0 ? left.slice(0, 5).map(sentence).join('; ') : undefined
  }
}

/** One reference followed, with the place it leads to. */
function follow(pointer: string, value: Json): [string, Json] {
  const { $ref } = value
  if (typeof $ref !== 'string') return [pointer, value]
  const target = $ref.replace(/^#/, '')
  let found: unknown = rest
  for (const key of target.split('/').slice(1)) found = asObject(found)[key]
  return [target, asObject(found)]
}

/** GitHub answers null for the head's repository once a fork was deleted, which its description leaves out. */
function isOfDeletedFork({ instancePath, keyword }: ErrorObject): boolean {
  return keyword === 'type' && instancePath.endsWith('/head/repo')
}

function sentence({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath || '/'} ${message} ${JSON.stringify(params)}`
}

function escapePointer(text: string): string {
  return text.replaceAll('~', '~0').replaceAll('/', '~1')
}

function encodePointer(pointer: string): string {
  return pointer.split('/').map(encodeURIComponent).join('/')
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
