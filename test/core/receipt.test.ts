import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatReceipt,
  parseReceipt,
  type Receipt,
  receiptOf,
  verifyReceipt,
} from '../../src/core/receipt.ts'
import { ed25519Signer } from '../../src/core/receipt-signature.ts'
import { expectGolden } from '../golden/expect-golden.ts'
import { anyText, extendedJudged, identity, judged, lent, testKey } from './samples.ts'

const ours = testKey(1)
const theirs = testKey(2)
const sign = ed25519Signer(ours.privatePem)
const known = [ours.publicPem]

const receipt = receiptOf(identity, lent, { at: judged.window.end, because: 'expired' })
const extended = receiptOf(
  identity,
  { ...lent, judged: extendedJudged },
  { at: extendedJudged.window.end, because: 'expired' },
)
const signed = formatReceipt(receipt, sign)
const unsigned = formatReceipt(receipt)

/** What git itself takes for trailers. */
function gitTrailers(message: string): string[] {
  const output = execFileSync('git', ['interpret-trailers', '--parse'], { input: message, encoding: 'utf8' })
  return output.split('\n').filter((line) => line !== '')
}

/** The message with one line put in another's place. */
function withLine(message: string, from: RegExp, to: string): string {
  expect(message).toMatch(from)
  return message.replace(from, () => to)
}

const nasty = fc.oneof(
  anyText,
  fc
    .array(
      fc.constantFrom(
        ...[
          '\n',
          '\r\n',
          '\n\n',
          'Daypass-Requester: "mallory"',
          'Daypass-Version: 1',
          'Daypass-Signature: x',
          '---',
        ],
        ...[
          '"',
          '\\',
          '@olivia',
          'fixes #1',
          'GH-1',
          'https://github.com/acme/x/issues/1',
          '[skip ci]',
          'é',
          '\u202e',
        ],
        ...['\u2028', '👩‍🚀', '\ud800', '#', 'Co-authored-by: mallory <m@example.com>', ' ', 'x'],
      ),
    )
    .map((parts) => parts.join('')),
)

const anyReceipt: fc.Arbitrary<Receipt> = fc
  .record({
    reason: nasty,
    ticket: nasty,
    path: nasty,
    prefixes: fc.array(nasty, { maxLength: 3 }),
    login: nasty,
  })
  .map(({ reason, ticket, path, prefixes, login }) => ({
    ...receipt,
    reason,
    ticket,
    path,
    prefixes,
    requester: { login, id: 501 },
    extensions: (extended.extensions ?? []).map((extension) => ({ ...extension, reason, ticket })),
  }))

describe('a receipt', () => {
  it('tells an auditor everything, in words and in trailers', () => {
    expectGolden('receipt-signed', signed)
    expectGolden('receipt-unsigned', unsigned)
  })

  it('names every approval of a grant that was extended', () => {
    expectGolden('receipt-extended', formatReceipt(extended))
    expect(parseReceipt(formatReceipt(extended, sign))).toEqual(extended)
    expect(gitTrailers(formatReceipt(extended)).filter((line) => line.includes('oscar'))).toHaveLength(2)
  })

  it('tells of the last use of the role, where AWS knew of one', () => {
    const lastUsed = { at: judged.window.end - 60, region: 'eu-central-1' }
    const used = receiptOf(identity, lent, { at: judged.window.end, because: 'expired', lastUsed })
    const message = formatReceipt(used, sign)
    expect(message).toContain(
      '\nDaypass-Last-Used: {"at":"2026-11-24T12:59:00Z","region":"eu-central-1"}\nDaypass-Role: ',
    )
    expect(parseReceipt(message)).toEqual(used)
    expect(parseReceipt(message)?.lastUsed).toEqual(lastUsed)
    expect(verifyReceipt(message, known)).toBe('signed')
  })

  it('reads back as it was written', () => {
    expect(parseReceipt(signed)).toEqual(receipt)
    expect(parseReceipt(unsigned)).toEqual(receipt)
  })

  it('reads back and stays signed whatever people wrote into the request', () => {
    fc.assert(
      fc.property(anyReceipt, (any) => {
        const message = formatReceipt(any, sign)
        expect(parseReceipt(message)).toEqual(any)
        expect(verifyReceipt(message, known)).toBe('signed')
      }),
    )
  })

  it('holds nothing on which GitHub acts, whatever people wrote into the request', () => {
    fc.assert(
      fc.property(anyReceipt, (any) => {
        // A login can't hold such characters; the subject's reference is meant.
        const message = formatReceipt({ ...any, requester: receipt.requester }, sign).replace('(#12)', '')
        expect(message).toMatch(/^[\n -~]*$/)
        expect(message).not.toMatch(/[@#]|:\/\/|gh-\d|\[(?:skip|ci)/i)
      }),
    )
  })

  it('is read by git as the very trailers that were written', () => {
    fc.assert(
      fc.property(anyReceipt, (any) => {
        const message = formatReceipt(any, sign)
        expect(gitTrailers(message)).toEqual(
          message.split('\n').filter((line) => line.startsWith('Daypass-')),
        )
      }),
      { numRuns: 15 },
    )
  })

  it('keeps each approval on a line of its own', () => {
    const [first] = receipt.approvals
    if (first === undefined) throw new Error('no sample')
    const two = { ...receipt, approvals: [first, { ...first, login: 'oscar', id: 503 }] }
    expect(formatReceipt(two).match(/^Daypass-Approved-By: /gm)).toHaveLength(2)
    expect(parseReceipt(formatReceipt(two))).toEqual(two)
  })

  it('survives a squash merge, which adds a number, a co-author and other line ends', () => {
    const [subject, ...rest] = signed.split('\n')
    const squashed = [
      `${subject} (#13)`,
      ...rest,
      '',
      'Co-authored-by: daypass[bot] <1+daypass[bot]@example.com>',
    ]
    const message = squashed.join('\r\n')
    expect(parseReceipt(message)).toEqual(receipt)
    expect(verifyReceipt(message, known)).toBe('signed')
  })

  it('is the same bytes from every replica', () => {
    expect(formatReceipt(receipt, ed25519Signer(ours.privatePem))).toBe(signed)
  })
})

describe('the signature of a receipt', () => {
  it('holds under the key that made it, among others', () => {
    expect(verifyReceipt(signed, [theirs.publicPem, ours.publicPem])).toBe('signed')
  })

  it('is only a claim where there is none, or its key is not known', () => {
    expect(verifyReceipt(unsigned, known)).toBe('claimed')
    expect(verifyReceipt(signed, [])).toBe('claimed')
    expect(verifyReceipt(formatReceipt(receipt, ed25519Signer(theirs.privatePem)), known)).toBe('claimed')
  })

  it('is only a claim where there is no receipt at all', () => {
    expect(verifyReceipt('Mend the build\n', known)).toBe('claimed')
    expect(parseReceipt('Mend the build\n')).toBeUndefined()
  })

  const lines = signed.split('\n').filter((line) => line.startsWith('Daypass-'))
  const [signature = ''] = lines.slice(-1)

  it.each<[string, string]>([
    ['another requester', withLine(signed, /^Daypass-Requester: .*$/m, 'Daypass-Requester: "mallory"')],
    [
      'another end',
      withLine(signed, /^Daypass-Granted-Until: .*$/m, 'Daypass-Granted-Until: "2026-11-24T12:00:00Z"'),
    ],
    ['a line left out', withLine(signed, /^Daypass-Ticket: .*\n/m, '')],
    ['a line more', withLine(signed, /^Daypass-Role: /m, 'Daypass-Note: "x"\nDaypass-Role: ')],
    [
      'two lines exchanged',
      withLine(signed, /^(Daypass-Repository.*)\n(Daypass-Path.*)$/m, `${lines[2]}\n${lines[1]}`),
    ],
    ['the same value written otherwise', withLine(signed, /"alice"$/m, '"\\u0061lice"')],
    ['a signature cut short', signed.slice(0, -8)],
    ['a signature of zeros', signed.replace(/[0-9a-f]{128}$/m, '0'.repeat(128))],
    ['another way to write the signature', signed.replace('ed25519:', 'ED25519:')],
    ['the signature of another receipt', `${formatReceipt({ ...receipt, pull: 13 })}\n${signature}`],
    ['a line below the signature', `${signed}\nDaypass-Requester: "mallory"`],
    ['a second signature', `${signed}\n${signature}`],
    ['a continued line', `${signed}\n  and more`],
    ['a receipt in front of it', `${unsigned}\n\n${lines.join('\n')}`],
    ['a receipt after it', `${signed}\n\nDaypass-Requester: "mallory"`],
    ['a trailer in other letters after it', `${signed}\n\ndaypass-requester: "mallory"`],
    ['a sentence that looks like a trailer', signed.replace('\n\n', '\n\nDaypass-Requester: "mallory"\n')],
  ])('shows a forgery: %s', (_, message) => {
    expect(verifyReceipt(message, known)).toBe('forged')
  })

  it('never holds for a message whose receipt says anything else', () => {
    fc.assert(
      fc.property(fc.nat(signed.length - 1), anyText, (offset, text) => {
        const changed = signed.slice(0, offset) + text + signed.slice(offset + 1)
        if (verifyReceipt(changed, known) === 'signed') expect(parseReceipt(changed)).toEqual(receipt)
      }),
      { numRuns: 300 },
    )
  })

  it('is made with Ed25519 keys only', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    expect(() => ed25519Signer(pem)).toThrow('must be an Ed25519 key')
  })
})

describe('a message that is not a receipt', () => {
  it.each<[string, string]>([
    ['a value that is no JSON', withLine(unsigned, /^Daypass-Pull: 12$/m, 'Daypass-Pull: twelve')],
    ['a value of another kind', withLine(unsigned, /^Daypass-Pull: 12$/m, 'Daypass-Pull: "12"')],
    ['a missing value', withLine(unsigned, /^Daypass-Path: .*\n/m, '')],
    ['a value given twice', withLine(unsigned, /^Daypass-Pull: 12$/m, 'Daypass-Pull: 12\nDaypass-Pull: 13')],
    ['a time that does not exist', withLine(unsigned, /2026-11-24T13/, '2026-02-30T13')],
    ['another version', withLine(unsigned, /^Daypass-Version: 1$/m, 'Daypass-Version: 2')],
  ])('is not read as one: %s', (_, message) => {
    expect(parseReceipt(message)).toBeUndefined()
  })

  it('never makes the reader throw', () => {
    fc.assert(
      fc.property(nasty, (message) => {
        parseReceipt(message)
        expect(verifyReceipt(message, known)).not.toBe('signed')
      }),
    )
  })
})
