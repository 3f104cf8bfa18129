/** Lays a policy out for people, on a phone too: what is short stands on one line, so that a statement can be taken in at a glance. */

const WIDTH = 110
const INDENT = '  '

/** `before`: how many characters stand on the line already, indentation included. */
export function layOut(value: unknown, indent = '', before = 0): string {
  const flat = onOneLine(value)
  const isWhole = typeof value !== 'object' || value === null
  // One character more: the comma that may follow. A long text has nowhere to be broken.
  if (flat !== undefined && (isWhole || before + flat.length + 1 <= WIDTH)) return flat
  const inner = indent + INDENT
  if (Array.isArray(value)) {
    const items = value.map((item) => inner + layOut(item, inner, inner.length))
    return `[\n${items.join(',\n')}\n${indent}]`
  }
  const entries = Object.entries(value as object).map(([key, item]) => {
    const start = `${inner}${JSON.stringify(key)}: `
    return start + layOut(item, inner, start.length)
  })
  return `{\n${entries.join(',\n')}\n${indent}}`
}

/** Undefined for what is always laid out over several lines: lists of objects, and objects that say more than one thing. */
function onOneLine(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) {
    if (value.some((item) => typeof item === 'object')) return undefined
    return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`
  }
  const [entry, ...more] = Object.entries(value)
  const item = entry && onOneLine(entry[1])
  if (!entry || item === undefined || more.length > 0) return undefined
  return `{ ${JSON.stringify(entry[0])}: ${item} }`
}
