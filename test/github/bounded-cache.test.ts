import { expect, it } from 'vitest'
import { createBoundedCache, rememberForever } from '../../src/github/bounded-cache.ts'

it('forgets what was used longest ago once it holds too much', () => {
  const cache = createBoundedCache<string>(3)
  cache.set('a', 'A', 1)
  cache.set('b', 'B', 1)
  cache.set('c', 'C', 1)
  cache.get('a')
  cache.set('d', 'D', 1)
  expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key))).toEqual(['A', undefined, 'C', 'D'])
})

it('does not keep what is larger than all it may hold, nor the older value under that key', () => {
  const cache = createBoundedCache<string>(3)
  cache.set('a', 'small', 1)
  cache.set('a', 'large', 4)
  expect(cache.get('a')).toBeUndefined()
})

it('loads once what is asked for twice, and again after a failure', async () => {
  const remember = rememberForever<string>(10, () => 1)
  let loads = 0
  const load = async () => `load ${++loads}`
  const fail = () => Promise.reject(new Error('no answer'))
  await expect(remember('a', fail)).rejects.toThrow('no answer')
  expect(await Promise.all([remember('a', load), remember('a', load)])).toEqual(['load 1', 'load 1'])
  expect(await remember('a', load)).toBe('load 1')
})
