/** The labels by which lists of pull requests show where a request stands. They are for people: nothing is ever concluded from one. */

export type Stage = 'waiting' | 'active' | 'ended' | 'refused'

export interface Label {
  readonly name: string
  /** Six hexadecimal digits. */
  readonly color: string
  /** At most 100 characters. */
  readonly description: string
}

export const LABELS: Readonly<Record<Stage, Label>> = {
  waiting: {
    name: 'daypass: waiting',
    color: 'fbca04',
    description: 'Access is asked for, and not open yet',
  },
  active: { name: 'daypass: active', color: '0e8a16', description: 'Access is open' },
  ended: { name: 'daypass: ended', color: 'bfd4f2', description: 'Access is over' },
  refused: { name: 'daypass: refused', color: 'b60205', description: 'Merged, but not granted' },
}

/** Those of the app among the labels of a pull request, whoever put them there. */
export function stagesIn(names: readonly string[]): readonly Stage[] {
  const lower = new Set(names.map((name) => name.toLowerCase()))
  return STAGES.filter((stage) => lower.has(LABELS[stage].name))
}

const STAGES: readonly Stage[] = ['waiting', 'active', 'ended', 'refused']
