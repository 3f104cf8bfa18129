/** Ways to spoil a file: what people do by accident, and what an attacker would try. */
import type { Dice } from './dice.ts'

/** Spoils a file in up to six places, or replaces it. */
export function spoil(text: string, dice: Dice): Uint8Array {
  if (dice.onceIn(12)) return noise(dice)
  if (dice.onceIn(12)) return Buffer.from(soup(dice))
  let spoiled = text
  for (let times = 1 + dice.whole(6); times > 0; times--) spoiled = dice.pick(IN_TEXT)(spoiled, dice)
  let bytes: Uint8Array = Buffer.from(spoiled)
  if (dice.onceIn(5)) bytes = dice.pick(IN_BYTES)(bytes, dice)
  return bytes
}

type TextSpoiler = (text: string, dice: Dice) => string
type ByteSpoiler = (bytes: Uint8Array, dice: Dice) => Uint8Array

const TOKENS = [
  ...[
    ': ',
    '- ',
    '\n',
    '  ',
    '\t',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    ',',
    '#',
    '|\n',
    '>-\n ',
    '? ',
    '%YAML 1.2\n',
  ],
  ...['&a ', '*a', '&a [*a, *a]', '<<: *a', '!!js/function ', '!!binary ', '!!set ', '! ', '---\n', '...\n'],
  ...[
    '__proto__: {paused: true}\n',
    'constructor: {prototype: {x: 1}}\n',
    'toString: x\n',
    'hasOwnProperty: 1\n',
  ],
  ...[
    '0x1F',
    '1e999',
    '.inf',
    '.nan',
    '-0',
    '0o17',
    '012',
    '~',
    'null',
    'yes',
    '2026-11-24',
    '99999999999999999999',
  ],
  ...['@', '@a/b/c', '!', '\\', '\\#', '[ab]', '***', '**/', '?', '*', '$', '..', '%2e'],
  ...[
    '\u0000',
    '\u0007',
    '\u0085',
    '\u00a0',
    '\u200b',
    '\u202e',
    '\u2028',
    '\ufeff',
    '\ufffd',
    '\ud800',
    '🙂',
    'e\u0301',
  ],
] as const

const place = (text: string, dice: Dice) => dice.whole(text.length + 1)
const insert = (text: string, at: number, more: string) => text.slice(0, at) + more + text.slice(at)
const linesOf = (text: string) => text.split('\n')

const IN_TEXT: readonly [TextSpoiler, ...TextSpoiler[]] = [
  (text, dice) => insert(text, place(text, dice), dice.pick(TOKENS as unknown as [string, ...string[]])),
  (text, dice) => insert(text, place(text, dice), dice.pick(TOKENS as unknown as [string, ...string[]])),
  // A piece cut out, doubled, or moved.
  (text, dice) => {
    const at = place(text, dice)
    return text.slice(0, at) + text.slice(at + dice.whole(20))
  },
  (text, dice) => text.slice(0, place(text, dice)),
  (text, dice) => {
    const at = place(text, dice)
    return insert(text, place(text, dice), text.slice(at, at + dice.whole(40)))
  },
  // A line twice: a key twice.
  (text, dice) => {
    const lines = linesOf(text)
    const at = dice.whole(lines.length)
    return [...lines.slice(0, at + 1), ...lines.slice(at)].join('\n')
  },
  (text, dice) => dice.shuffled(linesOf(text)).join('\n'),
  (text, dice) =>
    linesOf(text)
      .map((line) => (dice.onceIn(5) ? ` ${line}` : line))
      .join('\n'),
  (text) => text.replaceAll('\n', '\r'),
  (text) => text.replaceAll(/\r?\n/g, '\r\n'),
  (text) => `\uFEFF${text}`,
  (text, dice) => text.toUpperCase().slice(0, place(text, dice)) + text.slice(place(text, dice)),
  (text, dice) => insert(text, place(text, dice), deep(dice)),
  (text, dice) => insert(text, place(text, dice), huge(dice)),
  (text) => `${text}\n${text}`,
  (text) => text.normalize('NFD'),
]

/** Deeper than anything is read, in each of YAML's ways. */
function deep(dice: Dice): string {
  const levels = 1 + dice.whole(dice.onceIn(20) ? 5000 : 40)
  const start = dice.pick(['[', '{a: ', '- ', '? ', '[{', '!t [', '&a ['])
  const close = dice.onceIn(2) ? start.replaceAll(/[^[{]/g, '').replaceAll('[', ']').replaceAll('{', '}') : ''
  if (dice.onceIn(3)) return Array.from({ length: levels % 60 }, (_, i) => `\n${' '.repeat(i)}a:`).join('')
  return start.repeat(levels) + [...close].reverse().join('').repeat(levels)
}

/** Scalars and lists around the limits of size. */
function huge(dice: Dice): string {
  const unit = dice.pick(['a', 'é', '数', ' x', '\n  x', '\\u202e', 'a*', ',a', '"', "''", '\\ ', '@a ', '0'])
  return unit.repeat(dice.whole(dice.onceIn(10) ? 30_000 : 600))
}

const IN_BYTES: readonly [ByteSpoiler, ...ByteSpoiler[]] = [
  // Bits turned over.
  (bytes, dice) => bytes.map((byte) => (dice.onceIn(50) ? byte ^ (1 << dice.whole(8)) : byte)),
  // No UTF-8: lone, cut off, overlong, surrogates, beyond Unicode, UTF-16, Latin-1.
  (bytes, dice) => {
    const at = dice.whole(bytes.length + 1)
    const wrong = dice.pick([
      [0xff],
      [0x80],
      [0xc3],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
    ])
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(wrong), bytes.subarray(at)])
  },
  (bytes) => Buffer.from(Buffer.from(bytes).toString(), 'utf16le'),
  (bytes) => Buffer.from(Buffer.from(bytes).toString(), 'latin1'),
]

function noise(dice: Dice): Uint8Array {
  return Uint8Array.from({ length: dice.whole(dice.onceIn(20) ? 20_000 : 300) }, () => dice.whole(256))
}

function soup(dice: Dice): string {
  const tokens = TOKENS as unknown as [string, ...string[]]
  return Array.from({ length: dice.whole(dice.onceIn(20) ? 3000 : 60) }, () => dice.pick(tokens)).join('')
}

/** Whole files of one thing over and over, as large as their kind may be and a little larger. */
export const ENDLESS: readonly [string, (index: number) => string][] = [
  ...[
    '[',
    '{',
    '- ',
    '? ',
    '?\n',
    '\n',
    ' ',
    '\t',
    '#',
    ': ',
    '"',
    "'",
    '%',
    '*a ',
    '! ',
    '|\n',
    '>\n ',
    '---\n',
    '...\n',
  ]
    .concat(['k:\n', 'x: ', '\u200b', '\ufeff', '\\', '\\ ', '* nobody\n', ' @a', '{a: ', '&a [', '* ', '/'])
    .map((unit): [string, () => string] => [JSON.stringify(unit), () => unit]),
  ['keys', (i) => `k${i}: \n`],
  ['anchors', (i) => `&a${i} `],
  ['keys in flow', (i) => (i === 0 ? '{' : `k${i}: {},`)],
  ['items in flow', (i) => (i === 0 ? '[' : 'a,')],
  ['keys that are lists', (i) => `? [a${i}]\n: b\n`],
  ['escapes', (i) => (i === 0 ? 'a: "' : '\\u202e')],
  ['letters', (i) => (i === 0 ? 'reason: "' : '数')],
  ['prefixes', (i) => (i === 0 ? 'requester: a\nreason: good enough\nduration: 4h\nprefixes: [' : `a${i},`)],
  [
    'equal prefixes',
    (i) => (i === 0 ? 'requester: a\nreason: good enough\nduration: 4h\nprefixes: [' : 'a,'),
  ],
  ['buckets', (i) => (i === 0 ? 'buckets:\n' : `- {account: p, bucket: b${i}x, max_duration: 1h}\n`)],
  ['stars', (i) => (i === 0 ? 'buckets:\n' : `- {account: p, bucket: "*a*a*a*b${i}", max_duration: 1h}\n`)],
  ['people', (i) => (i === 0 ? 'buckets: []\npeople:\n' : ` u${i}: {iam_user: a}\n`)],
  ['nobodies', (i) => (i === 0 ? 'buckets: []\npeople:\n' : ` u${i}:\n`)],
  ['repositories', (i) => (i === 0 ? 'repositories:\n' : '- {id: 1}\n')],
  ['accounts', (i) => (i === 0 ? 'repositories:\n- id: 1\n  accounts:\n' : `   a${i}: {id: "1"}\n`)],
  ['fields that are not', (i) => `requestr${i}: x\n`],
  ['owned folders', (i) => `/a${i}/ @a\n`],
  ['starred names', (i) => `a${i}* @a\n`],
  ['backtracking', (i) => (i === 0 ? '' : 'a*')],
]

export function endless(unit: (index: number) => string, bytes: number): string {
  const parts: string[] = []
  for (let length = 0, i = 0; length < bytes; i++) {
    const part = unit(i)
    parts.push(part)
    length += Math.max(1, part.length)
  }
  return parts.join('').slice(0, bytes)
}
