/** Runs in the app's process before the app: writes down every secret that it holds, makes or sends, for a test to look for. */
import crypto from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

writeFileSync(`${process.env.WITNESS_TO}.environment`, JSON.stringify(process.env))

const seen = new Set()
function note(kind, value) {
  if (typeof value !== 'string' || value === '' || seen.has(value)) return
  seen.add(value)
  appendFileSync(process.env.WITNESS_TO, `${JSON.stringify({ kind, value })}\n`)
}

const GIVEN = [
  'PRIVATE_KEY',
  'WEBHOOK_SECRET',
  'DAYPASS_RECEIPT_KEY',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
]
for (const name of GIVEN) note(name, process.env[name])

function noteHeader(name, value) {
  const text = String(value)
  if (name === 'x-amz-security-token') note('session token', text)
  if (name === 'x-hub-signature-256') note('webhook signature', text.replace('sha256=', ''))
  if (name !== 'authorization') return
  const [scheme, token] = text.split(' ')
  if (scheme === 'AWS4-HMAC-SHA256') note('AWS signature', text.replace(/^.*Signature=/, ''))
  else note(token?.startsWith('ey') ? 'JWT' : 'installation token', token)
}

// GitHub is called by fetch, AWS by node's own client; webhooks come in at node's own server.
subscribe('undici:request:create', ({ request }) => {
  const { headers } = request
  for (let i = 0; i < headers.length; i += 2) noteHeader(String(headers[i]).toLowerCase(), headers[i + 1])
})
subscribe('http.client.request.start', ({ request }) => {
  for (const [name, value] of Object.entries(request.getHeaders())) noteHeader(name, value)
})
subscribe('http.server.request.start', ({ request }) => {
  for (const [name, value] of Object.entries(request.headers)) noteHeader(name, value)
})

// The secret key of a session goes over no wire again: it is what signatures begin with.
const { createHmac } = crypto
crypto.createHmac = (algorithm, key, ...rest) => {
  if (typeof key === 'string' && key.startsWith('AWS4')) note('AWS secret key', key.slice('AWS4'.length))
  return createHmac(algorithm, key, ...rest)
}
syncBuiltinESMExports()
