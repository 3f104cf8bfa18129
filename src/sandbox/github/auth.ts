/** Who is calling: checks personal tokens, App JWTs and installation tokens. */
import { randomBytes, verify } from 'node:crypto'
import { Refused } from './failure.ts'
import type { InstallationToken, Permissions, Repository, User, World } from './world.ts'

export type Actor =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'user'; readonly user: User; readonly token: string }
  | { readonly kind: 'app'; readonly token: string }
  | {
      readonly kind: 'installation'
      readonly user: User
      readonly token: string
      readonly grant: InstallationToken
    }

/** An actor who can be named as the author of something. */
export type NamedActor = Extract<Actor, { user: User }>

const TOKEN_LIFETIME_MS = 60 * 60 * 1000
const LONGEST_JWT_SECONDS = 10 * 60
const CLOCK_TOLERANCE_SECONDS = 60

export class Credentials {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** `authorization` as the header says it; a credential that is not valid is refused, none is anonymous. */
  identify(authorization: string | undefined): Actor {
    if (authorization === undefined) return { kind: 'anonymous' }
    const token = presentedToken(authorization)
    if (token === undefined) throw badCredentials()
    if (token.split('.').length === 3) return this.#app(token)
    const user = [...this.#world.users.values()].find((user) => user.token === token)
    if (user) return { kind: 'user', user, token }
    const grant = this.#world.installationTokens.get(token)
    if (!grant || grant.expiresAt <= Date.now()) throw badCredentials()
    checkNotSuspended(this.#world)
    return { kind: 'installation', user: this.#world.bot, token, grant }
  }

  mint(permissions: Permissions, repositories: readonly Repository[] | undefined): InstallationToken {
    const now = Date.now()
    const { installationTokens } = this.#world
    for (const [token, { expiresAt }] of installationTokens) {
      if (expiresAt <= now) installationTokens.delete(token)
    }
    const grant: InstallationToken = {
      token: `ghs_${randomBytes(18).toString('hex')}`,
      expiresAt: now + TOKEN_LIFETIME_MS,
      permissions,
      repositoryIds: repositories && new Set(repositories.map(({ id }) => id)),
    }
    installationTokens.set(grant.token, grant)
    return grant
  }

  #app(token: string): Actor {
    const { app } = this.#world
    const [header = '', payload = '', signature = ''] = token.split('.')
    const { alg } = decodePart(header)
    const signed = Buffer.from(`${header}.${payload}`)
    if (
      alg !== 'RS256' ||
      !verify('RSA-SHA256', signed, app.publicKey, Buffer.from(signature, 'base64url'))
    ) {
      throw new Refused(401, 'A JSON web token could not be decoded')
    }
    checkClaims(decodePart(payload), [String(app.id), app.clientId], Date.now() / 1000)
    return { kind: 'app', token }
  }
}

/** What the app holds of a suspended installation is worth nothing until that ends. */
export function checkNotSuspended({ suspension }: World): void {
  if (suspension) throw new Refused(403, 'This installation has been suspended')
}

export function badCredentials(): Refused {
  return new Refused(401, 'Bad credentials')
}

/** `token X`, `Bearer X`, or Basic with the token as the password (git) or the user name. */
function presentedToken(authorization: string): string | undefined {
  const [, scheme = '', value = ''] = /^(\S+)\s+(\S+)$/.exec(authorization.trim()) ?? []
  switch (scheme.toLowerCase()) {
    case 'token':
    case 'bearer':
      return value
    case 'basic': {
      const decoded = Buffer.from(value, 'base64').toString()
      const colon = decoded.indexOf(':')
      const password = colon < 0 ? '' : decoded.slice(colon + 1)
      return password && password !== 'x-oauth-basic'
        ? password
        : decoded.slice(0, colon < 0 ? undefined : colon)
    }
    default:
      return undefined
  }
}

function decodePart(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch {
    // Falls through to the refusal below.
  }
  throw new Refused(401, 'A JSON web token could not be decoded')
}

function checkClaims(claims: Record<string, unknown>, issuers: readonly string[], now: number): void {
  const { iss, iat, exp } = claims
  if (!issuers.includes(String(iss))) throw new Refused(401, "'Issuer' claim ('iss') must be the App's id")
  if (typeof iat !== 'number' || iat > now + CLOCK_TOLERANCE_SECONDS) {
    throw new Refused(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    )
  }
  if (typeof exp !== 'number' || exp <= now) {
    throw new Refused(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    )
  }
  if (exp > now + LONGEST_JWT_SECONDS + CLOCK_TOLERANCE_SECONDS) {
    throw new Refused(401, "'Expiration time' claim ('exp') is too far in the future")
  }
}
