/** Tells one state from another without keeping either. */
import { createHash } from 'node:crypto'

/** Of the value as JSON: 32 hexadecimal digits. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32)
}
