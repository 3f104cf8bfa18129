/** Writes one value as YAML in any of the ways that mean the same: styles, quotes, order, comments, line ends. */
import type { Dice } from './dice.ts'

export type Written = string | number | boolean | readonly Written[] | { readonly [key: string]: Written }

/** The text of a whole file. */
export function spell(value: { readonly [key: string]: Written }, dice: Dice): string {
  const body = dice.onceIn(6)
    ? [JSON.stringify(value, null, dice.pick([0, 2]))]
    : linesOf(value, '', dice).flatMap((line) => withNoise(line, dice))
  const lines = [...(dice.onceIn(5) ? ['---'] : []), ...body, ...(dice.onceIn(8) ? ['...'] : [])]
  return asFile(lines, dice)
}

/** Line ends and a byte order mark change nothing. */
export function asFile(lines: readonly string[], dice: Dice): string {
  const end = dice.pick(['\n', '\n', '\r\n'])
  return (dice.onceIn(5) ? '\uFEFF' : '') + lines.join(end) + (dice.onceIn(4) ? '' : end)
}

function linesOf(value: Written, pad: string, dice: Dice): string[] {
  if (typeof value !== 'object') return [pad + scalar(value, dice)]
  const inner = `${pad}${' '.repeat(1 + dice.whole(4))}`
  const entry = (start: string, item: Written) =>
    typeof item !== 'object' || isEmpty(item) || dice.onceIn(3)
      ? [`${start} ${inFlow(item, dice)}`]
      : [start, ...linesOf(item, inner, dice)]
  if (isList(value)) return value.flatMap((item) => entry(`${pad}-`, item))
  return dice.shuffled(Object.entries(value)).flatMap(([key, item]) => {
    const name = dice.onceIn(6) ? JSON.stringify(key) : key
    return entry(`${pad}${name}${dice.onceIn(8) ? ' ' : ''}:`, item)
  })
}

function inFlow(value: Written, dice: Dice): string {
  if (typeof value !== 'object') return scalar(value, dice)
  const gap = dice.pick(['', ' '])
  if (isList(value)) return `[${value.map((item) => inFlow(item, dice)).join(`,${gap || ' '}`)}]`
  const pairs = dice.shuffled(Object.entries(value)).map(([key, item]) => `${key}: ${inFlow(item, dice)}`)
  return `{${gap}${pairs.join(', ')}${gap}}`
}

/** What needs no quotes in any place: no character of YAML's own, and no word that YAML reads as something else. */
const PLAIN = /^(?!(?:true|false|null)$)[A-Za-z][\w/ ]*\w$/i

function scalar(value: string | number | boolean, dice: Dice): string {
  if (typeof value !== 'string') return String(value)
  if (PLAIN.test(value) && !dice.onceIn(4)) return value
  return dice.onceIn(2) ? JSON.stringify(value) : `'${value.replaceAll("'", "''")}'`
}

function withNoise(line: string, dice: Dice): string[] {
  const noisy = dice.onceIn(10) ? `${line}${dice.pick([' # why', '  #', '   '])}` : line
  return dice.onceIn(10) ? [dice.pick(['', '   ', '# a remark: [', ' # another']), noisy] : [noisy]
}

/** `Array.isArray` says nothing of lists that can't be changed. */
function isList(value: object): value is readonly Written[] {
  return Array.isArray(value)
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0
}
