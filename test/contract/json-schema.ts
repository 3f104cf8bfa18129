/** Turns OpenAPI 3.0's dialect, as GitHub publishes it, into the JSON Schema that ajv understands. */

/** Words that describe and do not bind; `example` values are even wrong at places. */
const DESCRIPTIVE = new Set([
  'example',
  'examples',
  'description',
  'externalDocs',
  'discriminator',
  'deprecated',
])

/** Maps of names to schemas, where a key such as `description` is a property's name. */
const NAME_MAPS = new Set([
  'properties',
  'schemas',
  'patternProperties',
  'paths',
  'webhooks',
  'parameters',
  'responses',
])

export function toJsonSchema(value: unknown, isNameMap = false): unknown {
  if (Array.isArray(value)) return value.map((item) => toJsonSchema(item))
  if (typeof value !== 'object' || value === null) return value
  const converted: Record<string, unknown> = {}
  for (const [key, inner] of Object.entries(value)) {
    if (isNameMap) converted[key] = toJsonSchema(inner)
    else if (key !== 'nullable' && !DESCRIPTIVE.has(key))
      converted[wordFor(key, inner)] = toJsonSchema(inner, NAME_MAPS.has(key))
  }
  return !isNameMap && 'nullable' in value && value.nullable === true
    ? { anyOf: [{ type: 'null' }, converted] }
    : converted
}

/**
 * Two mends, each for a known flaw of the published schemas: alternatives under `oneOf` overlap (a basic error is a
 * rule violation error too), and the account of an installation is said to be a user and an enterprise at once.
 */
function wordFor(key: string, inner: unknown): string {
  return key === 'oneOf' || (key === 'allOf' && isUserAndEnterprise(inner)) ? 'anyOf' : key
}

function isUserAndEnterprise(schemas: unknown): boolean {
  const has = (property: string) =>
    Array.isArray(schemas) && schemas.some((schema) => property in (schema?.properties ?? {}))
  return has('gravatar_id') && has('website_url')
}
