/** Work that can wait for the next look: where somebody waits for that one, such as to end access, it is put off. */
import { fewAtOnce } from './core/few-at-once.ts'
import type { World } from './world.ts'

/** Ends come first in each look, so no more of the rest is begun after this where the next one is awaited. Seconds. */
export const AWAITED_WITHIN = 10

/** Whether somebody has waited for the next look for long enough, asked from now on. */
export function createImpatience({ isAwaited, now }: Pick<World, 'isAwaited' | 'now'>): () => boolean {
  const began = now()
  return () => isAwaited() && now() - began >= AWAITED_WITHIN
}

/** Does something for each, few of them at once. What is put off comes at the next look, which follows right away. */
export async function whileNotAwaited<T>(
  world: Pick<World, 'isAwaited' | 'now'>,
  items: Iterable<T>,
  most: number,
  task: (item: T) => Promise<unknown>,
): Promise<void> {
  const isImpatient = createImpatience(world)
  await fewAtOnce(items, most, async (item) => {
    if (!isImpatient()) await task(item)
  })
}
