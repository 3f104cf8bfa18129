/** The typed values of conditions: instants, numbers, networks, ARNs, and how one of each compares with another. */
import { BlockList, isIP } from 'node:net'

const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/

/** Milliseconds since the epoch. Bare digits are epoch seconds; up to four could also be a year, so they are refused. */
export function parseInstant(text: string): number | undefined {
  if (/^\d{5,15}(\.\d+)?$/.test(text)) return Number(text) * 1000
  const match = DATE_TIME.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0'] = match
  const exists = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  if (exists.getUTCMonth() !== Number(month) - 1 || exists.getUTCDate() !== Number(day)) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const instant = Date.parse(text)
  return Number.isNaN(instant) ? undefined : instant
}

export function parseNumber(text: string): number | undefined {
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}

export function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase()
  return lower === 'true' ? true : lower === 'false' ? false : undefined
}

/** An address, or a network in CIDR notation. */
export function parseNetwork(text: string): BlockList | undefined {
  const [address = '', bits, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return undefined
  const widest = family === 4 ? 32 : 128
  const length = bits === undefined ? widest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
  if (length < 0 || length > widest) return undefined
  const network = new BlockList()
  network.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6')
  return network
}

export function isInNetwork(network: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && network.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

export function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)
}

/** Splits at the first five colons that are not inside `${…}`; undefined where there are fewer. */
export function splitArnPattern(text: string): readonly string[] | undefined {
  const parts: string[] = []
  let part = ''
  let inside = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (text.startsWith('${', at)) inside = true
    if (character === '}') inside = false
    if (character === ':' && !inside && parts.length < 5) {
      parts.push(part)
      part = ''
    } else part += character
  }
  parts.push(part)
  return parts.length === 6 ? parts : undefined
}
