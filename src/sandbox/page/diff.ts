/** Reads the patches of the REST API: lines with their numbers on either side. */
export interface DiffLine {
  readonly kind: 'added' | 'removed' | 'same' | 'gap'
  readonly text: string
  /** From 1; undefined where the line is not on that side. */
  readonly oldLine?: number
  readonly newLine?: number
}

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/

export function readPatch(patch: string): readonly DiffLine[] {
  const lines: DiffLine[] = []
  let [oldLine, newLine] = [0, 0]
  for (const raw of patch.split('\n')) {
    const hunk = HUNK.exec(raw)
    const text = raw.slice(1)
    if (hunk) {
      ;[oldLine, newLine] = [Number(hunk[1]), Number(hunk[2])]
      lines.push({ kind: 'gap', text: raw })
    } else if (raw.startsWith('+')) lines.push({ kind: 'added', text, newLine: newLine++ })
    else if (raw.startsWith('-')) lines.push({ kind: 'removed', text, oldLine: oldLine++ })
    else if (raw.startsWith('\\')) lines.push({ kind: 'gap', text: raw.slice(2) })
    else lines.push({ kind: 'same', text, oldLine: oldLine++, newLine: newLine++ })
  }
  return lines
}
