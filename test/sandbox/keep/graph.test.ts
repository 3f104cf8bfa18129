import { describe, expect, test } from 'vitest'
import { fromJson, toJson } from '../../../src/sandbox/keep/graph.ts'

/** There and back, over text, as over a file. */
function again(value: unknown): unknown {
  return fromJson(JSON.parse(JSON.stringify(toJson(value))))
}

describe('a graph of objects written as JSON comes back', () => {
  test.each([
    ['plain values', { text: 'a', number: -1.5, yes: true, nothing: null, list: [1, [2]], empty: {} }],
    ['maps and sets', new Map<unknown, unknown>([[1, new Set(['a', 'b'])], ['one', new Map()]])], // biome-ignore format: one line a case
    ['bytes that are no text', { body: Buffer.from([0, 255, 10, 128]) }],
    ['keys and texts that look like the signs it uses', { $same: 1, $$map: { $bytes: 'x' }, text: '$set' }],
    ['texts of every kind', ['', '\u0000', 'ä\ud83d\ude00', '"\\\n', '__proto__']],
  ])('with %s', (_, value) => {
    expect(again(value)).toEqual(value)
  })

  test('with one object again where two held the same', () => {
    const person = { login: 'alice', bytes: Buffer.from('x') }
    const world = { people: new Map([['alice', person]]), author: person, twin: { ...person } }

    const read = again(world) as typeof world

    expect(read).toEqual(world)
    expect(read.author).toBe(read.people.get('alice'))
    expect(read.twin).not.toBe(read.author)
    expect(read.twin.bytes).toBe(read.author.bytes)
  })

  test('with circles through every kind of holder', () => {
    interface Knot {
      self?: Knot
      list: unknown[]
      readonly map: Map<string, unknown>
      readonly set: Set<unknown>
    }
    const knot: Knot = { list: [], map: new Map(), set: new Set() }
    knot.self = knot
    knot.list.push(knot, knot.list)
    knot.map.set('knot', knot).set('map', knot.map)
    knot.set.add(knot).add(knot.set)

    const read = again(knot) as Knot

    expect(read.self).toBe(read)
    expect(read.list).toEqual([read, read.list])
    expect(read.map.get('map')).toBe(read.map)
    expect([...read.set]).toEqual([read, read.set])
  })

  test('without what is undefined, and without what is to be left out', () => {
    class Engine {}
    const value = { kept: 1, gone: undefined, engine: new Engine() }

    const json = toJson(value, (held) => held instanceof Engine)

    expect(json).toEqual({ kept: 1 })
  })

  test.each([
    ['a function', { world: { emit: () => {} } }, 'the state.world.emit is a function'],
    ['an instance of a class', new Map([['a', [new URL('http://x')]]]), 'the state.a[0] is URL'],
    ['what is no number', { at: Number.NaN }, 'the state.at is a number (NaN)'],
    ['a hole in a list', [undefined], 'the state[0] is a undefined'],
  ])('but never with %s, which it names', (_, value, problem) => {
    expect(() => toJson(value)).toThrow(problem)
  })
})
