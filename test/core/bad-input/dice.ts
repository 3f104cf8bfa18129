/** Chance that can be repeated: the same seed gives the same throws. */

export interface Dice {
  /** 0 ≤ n < `below`. */
  whole(below: number): number
  /** True once in `times`, on average. */
  onceIn(times: number): boolean
  pick<T>(from: readonly [T, ...T[]]): T
  shuffled<T>(of: readonly T[]): T[]
}

/** Mulberry32; one stream for each pair of numbers. */
export function createDice(seed: number, stream: number): Dice {
  let state = Math.imul(seed + 0x9e3779b9, stream + 0x85ebca6b)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (below: number) => Math.floor(next() * below)
  return {
    whole,
    onceIn: (times) => whole(times) === 0,
    pick: (from) => from[whole(from.length)] ?? from[0],
    shuffled(of) {
      const left = [...of]
      return of.flatMap(() => left.splice(whole(left.length), 1))
    },
  }
}
