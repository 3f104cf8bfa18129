import { describe, expect, it } from 'vitest'
import { LABELS, stagesIn } from '../../src/core/label.ts'
import { expectGolden } from '../golden/expect-golden.ts'

describe('the labels', () => {
  it('say in a list where a request stands', () => {
    const lines = Object.values(LABELS).map(
      ({ name, color, description }) => `- ${name} (#${color}): ${description}`,
    )
    expectGolden('labels', lines.join('\n'))
  })

  it('are within what GitHub takes', () => {
    for (const { name, color, description } of Object.values(LABELS)) {
      expect(name.length).toBeLessThanOrEqual(50)
      expect(color).toMatch(/^[0-9a-f]{6}$/)
      expect(description.length).toBeLessThanOrEqual(100)
    }
  })

  it('are found among others in any case, as GitHub tells none apart', () => {
    expect(stagesIn(['urgent', 'Daypass: Waiting', 'daypass: ended', 'daypass: else'])).toEqual([
      'waiting',
      'ended',
    ])
  })
})
